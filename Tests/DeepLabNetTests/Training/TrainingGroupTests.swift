import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Several processes that share the images of every batch come to what one comes to alone.
@Suite struct TrainingGroupTests {
  private static let images = 3
  private static let side = 33

  struct Case: Sendable, CustomTestStringConvertible {
    let model: String
    let normalization: NormalizationMode
    var scales = [1.0]
    var reduction = CrossEntropy.Reduction.mean
    /// What weights may differ by, beside the largest of their tensor.
    let tolerance: Float

    var testDescription: String { "\(model), \(normalization) normalisation, \(scales)" }

    func trainer(_ group: (any TrainingGroup)?) throws -> Trainer {
      let entry = try NetworkCatalog.entry(named: model)
      let network = try entry.make(classes: 3)
      let options = TrainerOptions(
        optimizer: OptimizerSettings(.sgd),
        schedule: LearningRateSchedule(.constant, base: 1e-3), steps: 3,
        loss: SegmentationLoss(reduction: reduction), normalization: normalization,
        scales: scales, accumulation: 2, seed: 7)
      return try Trainer(
        network, parameters: InitialParameters(for: network, seed: 1), resize: entry.resize,
        options: options, group: group, parallelism: .serial)
    }

    /// The weights after three steps.
    func train(_ group: (any TrainingGroup)?) throws -> [String: [Float]] {
      let trainer = try trainer(group)
      let share = group?.share(of: TrainingGroupTests.images) ?? 0..<TrainingGroupTests.images
      for step in 0..<3 {
        let report = try trainer.step(
          (0..<2).map { TrainingGroupTests.batch(2 * step + $0, share) })
        #expect(report.loss.isFinite)
      }
      return Dictionary(
        uniqueKeysWithValues: trainer.snapshot().map { ($0.name, $0.values.values()) })
    }
  }

  /// Part of a batch, in which every image has another number of pixels that count.
  private static func batch(_ number: Int, _ share: Range<Int>) -> TrainingBatch {
    var draws = SeededGenerator(seed: UInt64(number))
    let shape = TensorShape(batch: images, height: side, width: side, channels: 3)
    let values = (0..<shape.count).map { _ in draws.normal() }
    let labels = (0..<shape.positions).map { place -> UInt16 in
      let label = UInt16.random(in: 0..<3, using: &draws)
      return place % (2 + place / (side * side)) == 0 ? 255 : label
    }
    let (each, pixels) = (side * side * 3, side * side)
    return TrainingBatch(
      images: Tensor(
        TensorShape(batch: share.count, height: side, width: side, channels: 3),
        values: Array(values[share.lowerBound * each..<share.upperBound * each])),
      labels: Array(labels[share.lowerBound * pixels..<share.upperBound * pixels]),
      firstImage: share.lowerBound)
  }

  /// With frozen statistics, gradients are sums over images, in another order: rounding to float32
  /// alone. Statistics of the batch are divided by and differenced, where that rounding grows.
  static let cases = [
    Case(model: "deeplab-small", normalization: .frozen, tolerance: 1e-5),
    Case(model: "deeplab-small", normalization: .batch, tolerance: 1e-4),
    Case(
      model: "deeplab-small", normalization: .batch, scales: [1, 0.5], reduction: .sum,
      tolerance: 1e-3),
    // Dropouts that drop the same values of the same images.
    Case(model: "deeplab-v1-largefov", normalization: .frozen, tolerance: 1e-5),
  ]

  @Test(arguments: cases) func sharesComeToTheWhole(_ example: Case) throws {
    let alone = try example.train(nil)
    let together = try ThreadGroup.run(2) { try example.train($0) }
    #expect(together.count == 2 && together[0] == together[1])
    for (name, values) in alone {
      let other = try #require(together[0][name])
      let largest = max(1e-6, values.map(abs).max() ?? 0)
      let difference = zip(values, other).map { abs($0 - $1) }.max() ?? 0
      #expect(difference <= example.tolerance * largest, "\(name): \(difference) of \(largest)")
    }
    // Not by standing still.
    let trainer = try example.trainer(nil)
    #expect(trainer.snapshot().contains { $0.values.values() != alone[$0.name] })
  }

  @Test func sharesCoverABatchAndAreAsEvenAsCanBe() throws {
    let shares = try ThreadGroup.run(4) { $0.share(of: 10) }
    #expect(shares == [0..<2, 2..<5, 5..<7, 7..<10])
  }
}
