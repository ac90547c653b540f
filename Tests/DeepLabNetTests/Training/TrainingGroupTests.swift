import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Several processes that share the images of every batch come to what one comes to alone.
@Suite struct TrainingGroupTests {
  private static let images = 3
  private static let side = 33

  struct Case: Sendable, CustomTestStringConvertible {
    /// Of the catalogue; `nil` for one with a dropout.
    let model: String?
    let normalization: NormalizationMode
    var scales = [1.0]
    var reduction = CrossEntropy.Reduction.mean
    /// What gradients may differ by, of their length.
    let tolerance: Float

    var testDescription: String {
      "\(model ?? "a dropout"), \(normalization) normalisation, \(scales)"
    }

    func trainer(_ group: (any TrainingGroup)?) throws -> Trainer {
      let entry = try model.map { try NetworkCatalog.entry(named: $0) }
      let network = try entry?.make(classes: 3) ?? TrainingGroupTests.networkWithDropout()
      let options = TrainerOptions(
        optimizer: OptimizerSettings(.sgd),
        schedule: LearningRateSchedule(.constant, base: 1e-3), steps: 3,
        loss: SegmentationLoss(reduction: reduction), normalization: normalization,
        scales: scales, accumulation: 2, seed: 7)
      return try Trainer(
        network, parameters: InitialParameters(for: network, seed: 1),
        resize: entry?.resize ?? .bilinear(.aligned),
        options: options, group: group, parallelism: .serial)
    }

    /// What a step comes from: gradients, the loss, and running statistics behind it.
    func step(_ group: (any TrainingGroup)?) throws -> [String: [Float]] {
      let trainer = try trainer(group)
      let share =
        group?.share(of: TrainingGroupTests.images) ?? 0..<TrainingGroupTests.images
      let batches = (0..<2).map { TrainingGroupTests.batch($0, share) }
      var found = try trainer.gradients(batches).mapValues { $0.values() }
      let report = try trainer.step(batches)
      found["losses"] = report.parts.map { Float($0) }
      for (name, values) in trainer.snapshot() where name.contains("running") {
        found[name] = values.values()
      }
      return found
    }
  }

  private static func networkWithDropout() -> Network {
    var builder = NetworkBuilder()
    var source = builder.add(
      Convolution(from: 3, to: 8, kernelSize: 3, padding: 1), to: .image, named: "conv")
    source = builder.add(Dropout(rate: 0.5), to: source, named: "drop")
    source = builder.add(Convolution(from: 8, to: 3, kernelSize: 1), to: source, named: "score")
    return builder.network(outputs: [("scores", source)])
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
  /// alone. Statistics of the batch are divided by and differenced, where that rounding grows; a
  /// share's own would change gradients by more than a tenth of their length.
  static let cases = [
    Case(model: "deeplab-small", normalization: .frozen, tolerance: 1e-5),
    Case(model: "deeplab-small", normalization: .batch, tolerance: 1e-3),
    Case(
      model: "deeplab-small", normalization: .batch, scales: [1, 0.5], reduction: .sum,
      tolerance: 1e-3),
    // Dropouts that drop the same values of the same images.
    Case(model: nil, normalization: .frozen, tolerance: 1e-5),
  ]

  @Test(arguments: cases) func sharesComeToTheWhole(_ example: Case) throws {
    let alone = try example.step(nil)
    let together = try ThreadGroup.run(2) { try example.step($0) }
    #expect(together.count == 2 && together[0] == together[1])
    func length(_ values: [[Float]]) -> Float {
      values.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
    for part in ["running", "losses", ""] {
      let names = alone.keys.filter { part.isEmpty || $0.contains(part) }
      let differences = try names.map { name in
        try zip(#require(alone[name]), #require(together[0][name])).map { $0 - $1 }
      }
      let whole = length(names.compactMap { alone[$0] })
      #expect(
        length(differences) <= example.tolerance * whole,
        "\(part): \(length(differences)) of \(whole)")
    }
    #expect(length(Array(alone.values)) > 0)
  }

  @Test func sharesCoverABatchAndAreAsEvenAsCanBe() throws {
    let shares = try ThreadGroup.run(4) { $0.share(of: 10) }
    #expect(shares == [0..<2, 2..<5, 5..<7, 7..<10])
  }
}
