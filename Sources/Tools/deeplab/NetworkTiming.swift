import DeepLabNet
import Foundation
import LatticeSupport

/// How long a network and its layers take.
struct NetworkTiming: Encodable {
  /// How long a step takes.
  struct Layer: Encodable {
    let name: String
    let kind: String
    let algorithm: String?
    let output: String
    let multiplyAdds: Int
    let medianSeconds: Double
  }

  let model: String
  let width: Int
  let height: Int
  let threads: Int
  let multiplyAdds: Int
  let minimumSeconds: Double
  let medianSeconds: Double
  let maximumSeconds: Double
  let tensorBytes: Int
  let layers: [Layer]

  init(model: String, width: Int, height: Int, threads: Int, runs: Int, plan: InferencePlan) {
    self.model = model
    self.width = width
    self.height = height
    self.threads = threads
    tensorBytes = plan.byteCount
    let parallelism = Parallelism(threads: threads)
    let image = plan.noise()
    _ = plan.run(image, parallelism: parallelism)

    var totals: [Double] = []
    var seconds: [[Double]] = []
    var observations: [InferencePlan.Observation] = []
    for _ in 0..<runs {
      var times: [Double] = []
      observations.removeAll()
      let start = ContinuousClock.now
      _ = plan.run(image, parallelism: parallelism) { observation, run in
        times.append(ContinuousClock().measure(run).seconds)
        observations.append(observation)
      }
      totals.append((ContinuousClock.now - start).seconds)
      seconds.append(times)
    }
    totals.sort()
    (minimumSeconds, medianSeconds, maximumSeconds) = (
      totals[0], totals[totals.count / 2], totals[totals.count - 1]
    )
    layers = observations.enumerated().map { index, observation in
      Layer(
        name: observation.name, kind: observation.kind,
        algorithm: observation.algorithm?.rawValue, output: observation.output.description,
        multiplyAdds: observation.multiplyAdds,
        medianSeconds: seconds.map { $0[index] }.sorted()[runs / 2])
    }
    multiplyAdds = layers.map(\.multiplyAdds).reduce(0, +)
  }

  /// A table for people.
  func text(withLayers: Bool) -> String {
    let lines = withLayers ? layers.map(\.text) : []
    let total = String(
      format: "%@ %d×%d, %d threads: median %.1f ms (%.1f to %.1f), %.1f GMAC, %.0f GFLOP/s, "
        + "tensors %.0f MB",
      model, width, height, threads, 1e3 * medianSeconds, 1e3 * minimumSeconds,
      1e3 * maximumSeconds, Double(multiplyAdds) / 1e9, 2e-9 * Double(multiplyAdds) / medianSeconds,
      Double(tensorBytes) / 1e6)
    return (lines + [total]).joined(separator: "\n")
  }
}

extension NetworkTiming.Layer {
  fileprivate var text: String {
    let rate =
      multiplyAdds == 0 ? "" : String(format: "%.0f", 2e-9 * Double(multiplyAdds) / medianSeconds)
    let columns = [
      name.padding(toLength: max(36, name.count), withPad: " ", startingAt: 0),
      (algorithm ?? kind).padding(toLength: 12, withPad: " ", startingAt: 0),
      output.padding(toLength: 18, withPad: " ", startingAt: 0),
    ]
    return columns.joined(separator: " ")
      + String(format: " %9.3f ms ", 1e3 * medianSeconds) + rate + (rate.isEmpty ? "" : " GFLOP/s")
  }
}

extension InferencePlan {
  /// An input of the plan's size.
  func noise() -> Tensor {
    var generator = SeededGenerator(seed: 1)
    return Tensor(inputShape, values: (0..<inputShape.count).map { _ in generator.normal() })
  }
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}

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
