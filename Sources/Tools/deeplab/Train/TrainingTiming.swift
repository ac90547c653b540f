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
