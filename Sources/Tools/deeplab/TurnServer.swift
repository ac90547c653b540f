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
    setvbuf(stdout, nil, _IOLBF, 0)
    let image = plan.noise()
    _ = plan.run(image, parallelism: parallelism)
    print("ready")
    while readLine() != nil {
      let seconds = ContinuousClock().measure { _ = plan.run(image, parallelism: parallelism) }.seconds
      print("[\(seconds), \(peakMegabytes())]")
    }
  }

  private func peakMegabytes() -> Double {
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    #if os(Linux)
      return Double(usage.ru_maxrss) / 1024
    #else
      return Double(usage.ru_maxrss) / 1048576
    #endif
  }
}
