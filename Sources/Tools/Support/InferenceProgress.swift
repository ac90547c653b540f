import Foundation
import Lattice
import Synchronization

/// How far one long work has come and how long it will take, on standard error: one line that is
/// written anew on a terminal, else a line now and then. Short work shows nothing.
package final class InferenceProgress: Sendable {
  private struct State {
    var shownAt = 0.0
    var isShown = false
  }

  private let work: String
  private let start = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let state = Mutex(State())

  /// Seconds before anything is shown.
  private static let patience = 2.0
  /// Seconds between two lines, on a terminal and elsewhere.
  private static let intervals = (terminal: 0.2, other: 10.0)

  /// - Parameter work: what is under way, as in `the inference`.
  package init(of work: String) { self.work = work }

  /// Shows that `share` (0…1) of the work is done.
  package func show(_ share: Double) {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let interval = isTerminal ? Self.intervals.terminal : Self.intervals.other
    guard share > 0, seconds >= Self.patience else { return }
    state.withLock { state in
      guard seconds >= state.shownAt + interval else { return }
      state.shownAt = seconds
      state.isShown = true
      let text = String(
        format: "%.0f %% of \(work), %.0f s left", 100 * share, seconds / share * (1 - share))
      StandardError.write(isTerminal ? Progress.clearedLine + text : text + "\n")
    }
  }

  /// Makes room for other text on the terminal.
  package func clear() {
    if isTerminal, state.withLock({ $0.isShown }) { StandardError.write(Progress.clearedLine) }
  }
}
