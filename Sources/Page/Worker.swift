import Foundation
import LatticeSupport
import Synchronization

/// A thread that does one job at a time, and of each lane the latest alone.
///
/// A job that comes while another of its lane waits takes that one's place; one that runs is
/// cancelled. So there are never more jobs than lanes, and none is made that nobody waits for.
final class Worker: Sendable {
  /// Jobs of which the latest alone counts.
  struct Lane: Hashable, Sendable {
    /// Who asks.
    let visitor: Int
    /// For what.
    let name: String
  }

  private struct Job {
    let lane: Lane
    let work: @Sendable () throws -> Void
    let drop: @Sendable () -> Void
  }

  private struct State {
    var waiting: [Job] = []
    var running: Lane?
    var isEnded = false
  }

  private let state = Mutex(State())
  private let signal = DispatchSemaphore(value: 0)
  /// The flag of the job that runs, as `Cancellation` looks at it.
  private nonisolated(unsafe) let flag = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  init() {
    flag.initialize(to: 0)
    let thread = Thread { self.run() }
    thread.name = "page"
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Adds a job.
  ///
  /// - Parameters:
  ///   - lane: whose latest job it is now.
  ///   - drop: is called in place of `work`, or after it was cancelled.
  ///   - work: throws `CallCancelled` where it is.
  func add(
    _ lane: Lane, drop: @escaping @Sendable () -> Void, work: @escaping @Sendable () throws -> Void
  ) {
    let dropped = state.withLock { state -> [Job] in
      let dropped = Self.remove(from: &state) { $0 == lane }
      cancel(state) { $0 == lane }
      state.waiting.append(Job(lane: lane, work: work, drop: drop))
      return dropped
    }
    for job in dropped { job.drop() }
    signal.signal()
  }

  /// Drops jobs that wait, and cancels the one that runs, where `isMeant` says so of their lanes.
  func cancel(where isMeant: (Lane) -> Bool) {
    let dropped = state.withLock { state -> [Job] in
      cancel(state, where: isMeant)
      return Self.remove(from: &state, where: isMeant)
    }
    for job in dropped { job.drop() }
  }

  /// How many jobs wait or run.
  var count: Int { state.withLock { $0.waiting.count + ($0.running == nil ? 0 : 1) } }

  private func cancel(_ state: borrowing State, where isMeant: (Lane) -> Bool) {
    if let running = state.running, isMeant(running) { flag.pointee = 1 }
  }

  private static func remove(
    from state: inout State, where isMeant: (Lane) -> Bool
  ) -> [Job] {
    let dropped = state.waiting.filter { isMeant($0.lane) }
    state.waiting.removeAll { isMeant($0.lane) }
    return dropped
  }

  /// Lets the thread end once its job has.
  func end() {
    state.withLock { $0.isEnded = true }
    cancel { _ in true }
    signal.signal()
  }

  private func run() {
    Cancellation.use(flag)
    defer { Cancellation.use(nil) }
    while true {
      signal.wait()
      let (job, isEnded) = state.withLock { state -> (Job?, Bool) in
        guard !state.isEnded, !state.waiting.isEmpty else { return (nil, state.isEnded) }
        let job = state.waiting.removeFirst()
        state.running = job.lane
        flag.pointee = 0
        return (job, false)
      }
      if isEnded { return }
      guard let job else { continue }
      do {
        try job.work()
      } catch {
        // Whatever else a job throws, it has told its visitor of.
        job.drop()
      }
      state.withLock { $0.running = nil }
    }
  }
}
