import DeepLabNet
import Foundation
import Support

/// Runs a network when it is told to, so that programs that are compared can take turns.
struct TurnServer {
  private let plan: InferencePlan
  private let parallelism: Parallelism

  init(_ plan: InferencePlan, parallelism: Parallelism) {
    self.plan = plan
    self.parallelism = parallelism
  }

  /// Says `ready`, then runs once for each line of standard input and answers with seconds and the largest
  /// resident set so far in megabytes, as JSON.
  func serve() throws {
    let image = plan.noise()
    _ = plan.run(image, parallelism: parallelism)
    answer("ready")
    while readLine() != nil {
      let seconds = ContinuousClock().measure { _ = plan.run(image, parallelism: parallelism) }
        .seconds
      answer("[\(seconds), \(Double(peakMemory()) / 1048576)]")
    }
  }

  /// A line, sent at once.
  private func answer(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
