import DeepLabNet
import Formats
import Foundation
import Synchronization
import Unaries

/// Text about work that goes on, on standard error: one line that is written anew on a terminal,
/// else a line each time.
package struct StatusLine: Sendable {
  /// Whether somebody looks on.
  package let isTerminal = isatty(STDERR_FILENO) == 1

  /// Returns to the start of the line and clears it (ECMA-48 "erase in line").
  private static let cleared = "\r\u{1B}[K"

  package init() {}

  /// Shows `text` in the place of what was shown before.
  package func show(_ text: String) {
    StandardError.write(isTerminal ? Self.cleared + text : text + "\n")
  }

  /// Makes room for other text on the terminal.
  package func clear() {
    if isTerminal { StandardError.write(Self.cleared) }
  }
}

/// How far the work on a folder has come, on standard error: a bar on a terminal, else a line for
/// each file.
package struct Progress {
  private let total: Int
  private let isQuiet: Bool
  private let line = StatusLine()
  private let start = ContinuousClock.now
  private var done = 0

  private static let barLength = 30

  package init(total: Int, isQuiet: Bool) {
    self.total = total
    self.isQuiet = isQuiet
  }

  /// Counts a file; `result` says in a few words what became of it.
  package mutating func finish(_ name: String, _ result: String) {
    done += 1
    guard !isQuiet else { return }
    guard line.isTerminal else { return line.show("[\(done)/\(total)] \(name): \(result)") }
    let filled = done * Self.barLength / max(1, total)
    let bar =
      String(repeating: "█", count: filled)
      + String(repeating: "░", count: Self.barLength - filled)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let left = seconds / Double(done) * Double(total - done)
    line.show(
      "\(bar) \(done)/\(total), " + String(format: "%.0f s left", left)
        + ", \(name)")
  }

  /// Makes room for other text on the terminal.
  package func clear() {
    if !isQuiet, done > 0 { line.clear() }
  }
}

/// How far one long work has come and how long it will take, on standard error: one line that is
/// written anew on a terminal, else a line now and then. Short work shows nothing.
package final class InferenceProgress: Sendable {
  private struct State {
    var shownAt = 0.0
    var isShown = false
  }

  private let work: String
  private let start = ContinuousClock.now
  private let line = StatusLine()
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
    let interval = line.isTerminal ? Self.intervals.terminal : Self.intervals.other
    guard share > 0, seconds >= Self.patience else { return }
    state.withLock { state in
      guard seconds >= state.shownAt + interval else { return }
      state.shownAt = seconds
      state.isShown = true
      line.show(
        String(
          format: "%.0f %% of \(work), %.0f s left", 100 * share, seconds / share * (1 - share)))
    }
  }

  /// Makes room for other text on the terminal.
  package func clear() {
    if state.withLock({ $0.isShown }) { line.clear() }
  }
}

extension PhotographScorer {
  /// Scores a photograph, and shows how far that has come.
  ///
  /// - Throws: as `scores(of:progress:)` does.
  package func scores(of image: LoadedImage, isQuiet: Bool) throws -> Scored {
    let progress =
      isQuiet
      ? nil : InferenceProgress(of: proposals == nil ? "the network's views" : "proposals")
    defer { progress?.clear() }
    return try scores(of: image) { progress?.show($0) }
  }
}

extension Stopwatch {
  /// For people, in a line: the whole and each stage.
  package var line: String {
    let stages = milliseconds.map { $0.stage.rawValue + String(format: " %.0f", $0.value) }
    return "time     " + String(format: "%.0f ms: ", total) + stages.joined(separator: ", ")
  }
}
