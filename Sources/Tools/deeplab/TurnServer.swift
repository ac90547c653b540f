import Foundation
import LatticeSupport

/// Runs something when it is told to, so that programs that are compared can take turns.
enum TurnServer {
  /// Runs once, says `ready`, then runs once for each line of standard input and answers with
  /// seconds and the largest resident set so far in megabytes, as JSON.
  static func serve(_ run: () throws -> Void) rethrows {
    try run()
    answer("ready")
    while readLine() != nil {
      let seconds = try ContinuousClock().measure(run).seconds
      answer("[\(seconds), \(Double(peakMemory()) / 1048576)]")
    }
  }

  /// A line, sent at once.
  private static func answer(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
