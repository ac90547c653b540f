import Synchronization

/// How far filters have come with a number of applications that somebody waits for.
///
/// Give it to the backend that makes the filters. All of them count together, each by the pairs
/// that it evaluates.
public final class FilterProgress: Sendable {
  private struct State {
    /// Of one application of all filters.
    var total = 0
    var done = 0
    var reported = 0.0
  }

  private let applications: Int
  private let report: @Sendable (Double) -> Void
  private let state = Mutex(State())

  /// Reports are this far apart.
  private static let step = 0.002

  /// Nothing is done yet.
  ///
  /// - Parameters:
  ///   - applications: how often each filter is going to be applied.
  ///   - report: is called with a share of 0…1 that grows; on any thread, one call at a time.
  public init(applications: Int, report: @escaping @Sendable (Double) -> Void) {
    precondition(applications >= 1, "\(applications) applications")
    self.applications = applications
    self.report = report
  }

  /// A filter is there whose application takes so many units of work.
  func register(_ units: Int) {
    state.withLock { $0.total += units }
  }

  /// So many units of work are done.
  func advance(_ units: Int) {
    state.withLock { state in
      state.done += units
      let share = min(1, Double(state.done) / Double(max(1, state.total * applications)))
      guard share >= state.reported + Self.step || share == 1 && state.reported < 1 else { return }
      state.reported = share
      report(share)
    }
  }
}
