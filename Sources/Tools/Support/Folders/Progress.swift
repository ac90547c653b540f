import Foundation

/// How far the work on a folder has come, on standard error: a bar on a terminal, else a line a
/// file.
package struct Progress {
  private let total: Int
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let start = ContinuousClock.now
  private var done = 0

  private static let barLength = 30
  /// Returns to the start of the line and clears it (ECMA-48 "erase in line").
  package static let clearedLine = "\r\u{1B}[K"

  package init(total: Int, isQuiet: Bool) {
    self.total = total
    self.isQuiet = isQuiet
  }

  /// Counts a file; `result` says in a few words what became of it.
  package mutating func finish(_ name: String, _ result: String) {
    done += 1
    guard !isQuiet else { return }
    guard isTerminal else {
      StandardError.write("[\(done)/\(total)] \(name): \(result)\n")
      return
    }
    let filled = done * Self.barLength / max(1, total)
    let bar =
      String(repeating: "█", count: filled)
      + String(repeating: "░", count: Self.barLength - filled)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let left = seconds / Double(done) * Double(total - done)
    StandardError.write(
      Self.clearedLine + "\(bar) \(done)/\(total), " + String(format: "%.0f s left", left)
        + ", \(name)")
  }

  /// Makes room for other text on the terminal.
  package func clear() {
    if isTerminal, !isQuiet, done > 0 { StandardError.write(Self.clearedLine) }
  }
}
