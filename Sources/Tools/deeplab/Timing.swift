import DeepLabNet
import Foundation
import LatticeSupport
import ToolSupport

/// How long a step of a network's training takes, on noise.
struct TrainingTiming {
  private let trainer: Trainer
  private let batch: TrainingBatch
  private let title: String

  init(
    _ entry: CatalogEntry, _ network: Network, width: Int, height: Int, batch: Int, threads: Int,
    recomputesActivations: Bool
  ) throws {
    let options = TrainerOptions(
      optimizer: OptimizerSettings(.sgd), schedule: LearningRateSchedule(.constant, base: 1e-6),
      steps: 1, recomputesActivations: recomputesActivations)
    trainer = try Trainer(
      network, parameters: InitialParameters(for: network), resize: entry.resize,
      options: options, parallelism: Parallelism(threads: threads))
    var generator = SeededGenerator(seed: 1)
    let shape = TensorShape(batch: batch, height: height, width: width, channels: 3)
    self.batch = TrainingBatch(
      images: Tensor(shape, values: (0..<shape.count).map { _ in generator.normal() }),
      labels: (0..<shape.positions).map { _ in
        UInt16.random(in: 0..<UInt16(CatalogEntry.defaultClasses), using: &generator)
      })
    title =
      "\(entry.name) \(width)×\(height), batch \(batch), \(threads) threads"
      + (recomputesActivations ? ", activations recomputed" : "")
  }

  /// Prints the median of some steps; or takes turns with others.
  func report(runs: Int, inTurns: Bool) throws {
    let step = { _ = try trainer.step([batch]) }
    guard !inTurns else { return try TurnServer.serve(step) }
    try step()
    let seconds = try (0..<runs).map { _ in try ContinuousClock().measure(step).seconds }.sorted()
    try StandardOutput.print(
      String(
        format: "%@: step median %.1f ms (%.1f to %.1f), peak memory %.0f MB", title,
        1e3 * seconds[runs / 2], 1e3 * seconds[0], 1e3 * seconds[runs - 1],
        Double(peakMemory()) / 1048576))
  }
}

extension NetworkProfile {
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

extension NetworkProfile.Layer {
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
