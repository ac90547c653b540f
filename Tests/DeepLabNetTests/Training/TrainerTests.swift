import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// A trainer on a network of two layers, and on scenes of two colours.
@Suite struct TrainerTests {
  private static let side = 17

  private static func network(dropout: Float = 0.25) -> Network {
    var builder = NetworkBuilder()
    var source = builder.add(
      Convolution(from: 3, to: 16, kernelSize: 3, stride: 2, padding: 1, hasBias: false),
      to: .image,
      named: "conv")
    let before = builder.add(BatchNormalization(channels: 16), to: source, named: "bn")
    source = builder.add(Activation.relu, to: before, named: "relu")
    let narrow = builder.add(
      Convolution(from: 16, to: 16, kernelSize: 3, padding: 1, hasBias: false), to: source,
      named: "conv2")
    let normalized = builder.add(BatchNormalization(channels: 16), to: narrow, named: "bn2")
    source = builder.add(Sum(), to: normalized, source, named: "sum")
    source = builder.add(Activation.relu, to: source, named: "relu2")
    source = builder.add(Dropout(rate: dropout), to: source, named: "drop")
    source = builder.add(Convolution(from: 16, to: 2, kernelSize: 1), to: source, named: "score")
    return builder.network(outputs: [("scores", source)])
  }

  /// The batch of a step: bright pixels are of class 1.
  private static func batch(_ step: Int) -> TrainingBatch {
    var generator = SeededGenerator(seed: UInt64(step))
    let shape = TensorShape(batch: 2, height: side, width: side, channels: 3)
    var values: [Float] = []
    var labels: [UInt16] = []
    for _ in 0..<2 {
      let edge = Int(generator.uniform() * Float(side))
      for place in 0..<side * side {
        let isBright = place % side < edge
        labels.append(place % 31 == 0 ? 255 : isBright ? 1 : 0)
        for _ in 0..<3 { values.append((isBright ? 1 : -1) + generator.uniform() - 0.5) }
      }
    }
    return TrainingBatch(images: Tensor(shape, values: values), labels: labels)
  }

  private static func options(
    _ rule: OptimizerSettings.Rule, rate: Double, accumulation: Int = 1, scales: [Double] = [1],
    grid: SegmentationLoss.Grid = .scores
  ) -> TrainerOptions {
    TrainerOptions(
      optimizer: OptimizerSettings(rule, lastRate: 2),
      schedule: LearningRateSchedule(.poly, base: rate), steps: 40,
      loss: SegmentationLoss(grid: grid), scales: scales, accumulation: accumulation, seed: 5)
  }

  private static func trainer(
    _ options: TrainerOptions, threads: Int = 2, dropout: Float = 0.25
  ) throws -> Trainer {
    let network = network(dropout: dropout)
    return try Trainer(
      network, parameters: InitialParameters(for: network, seed: 1),
      resize: .bilinear(.aligned), options: options, parallelism: Parallelism(threads: threads))
  }

  static let ways = [
    options(.sgd, rate: 0.05), options(.caffeSGD, rate: 0.05), options(.adamW, rate: 0.01),
    options(.sgd, rate: 0.02, accumulation: 2), options(.sgd, rate: 0.02, scales: [1, 0.5]),
    options(.adamW, rate: 0.01, grid: .pixels),
  ]

  private static func batches(_ step: Int, _ options: TrainerOptions) -> [TrainingBatch] {
    (0..<options.accumulation).map { batch(step * options.accumulation + $0) }
  }

  @Test(arguments: ways) func lossesFall(_ options: TrainerOptions) throws {
    let trainer = try Self.trainer(options)
    let losses = try (0..<40).map { try trainer.step(Self.batches($0, options)).loss }
    let (begin, end) = (losses.prefix(5).reduce(0, +), losses.suffix(5).reduce(0, +))
    #expect(end < 0.4 * begin, "\(losses)")
  }

  @Test(arguments: ways) func aRestoredTrainerGoesOnBitForBit(_ options: TrainerOptions) throws {
    let whole = try Self.trainer(options, threads: 1)
    var parts = try Self.trainer(options, threads: 3)
    var generator = SeededGenerator(seed: 3)
    for step in 0..<30 {
      _ = try whole.step(Self.batches(step, options))
      _ = try parts.step(Self.batches(step, options))
      guard generator.uniform() < 0.3 else { continue }
      let saved = Dictionary(
        uniqueKeysWithValues: parts.state.map { ($0.name, $0.values.copied()) })
      let next = try Self.trainer(options, threads: 2)
      try next.restore(stepsDone: parts.stepsDone) { try #require(saved[$0]) }
      parts = next
    }
    for (first, second) in zip(whole.state, parts.state) {
      let isSame = first.values.values() == second.values.values()
      #expect(isSame, "\(first.name)")
    }
  }

  @Test func whatIsNotFiniteChangesNothing() throws {
    let trainer = try Self.trainer(Self.ways[0])
    _ = try trainer.step([Self.batch(0)])
    let before = trainer.snapshot().map { $0.values.values() }
    let batch = Self.batch(1)
    let images = Tensor(
      batch.images.shape, values: batch.images.values().map { _ in Float.nan })
    let report = try trainer.step([TrainingBatch(images: images, labels: batch.labels)])
    #expect(!report.loss.isFinite)
    #expect(trainer.stepsDone == 1)
    let isSame = trainer.snapshot().map { $0.values.values() } == before
    #expect(isSame)
  }

  @Test func aNetworkRunsWithATrainersParameters() throws {
    let trainer = try Self.trainer(Self.options(.sgd, rate: 0.1))
    let shape = TensorShape(height: Self.side, width: Self.side, channels: 3)
    let image = Tensor(
      shape, values: Array(Self.batch(9).images.values().prefix(shape.count)))
    func scores(_ parameters: any ParameterSource) throws -> [Float] {
      try PreparedNetwork(
        trainer.network, parameters: parameters, height: Self.side, width: Self.side
      ).plan(height: Self.side, width: Self.side).run(image)[0].values()
    }
    _ = try trainer.step([Self.batch(0)])
    let snapshot = NamedParameters(trainer.snapshot())
    let before = try scores(snapshot)
    _ = try trainer.step([Self.batch(1)])
    // A snapshot stays as it was; the trainer has gone on.
    #expect(try scores(snapshot) == before)
    #expect(try scores(NamedParameters(trainer.snapshot())) != before)
    let text = errorText { _ = try NamedParameters([]).values(of: "conv.weight") }
    #expect(text.contains("conv.weight"))
  }

  @Test func parametersOfOtherShapesAreRefused() throws {
    let network = Self.network()
    let initial = InitialParameters(for: network, seed: 1)
    let text = errorText {
      _ = try Trainer(
        network, parameters: Reshaped(source: initial, name: "conv2.weight"),
        resize: .bilinear(.aligned), options: Self.ways[0])
    }
    #expect(text.contains("conv2.weight has shape [1], but the network needs [16, 16, 3, 3]"))
  }

  @Test(arguments: ["score.bias", "optimizer.0.conv2.weight", "optimizer.1.score.bias"])
  func aStateOfOtherShapesIsRefusedAndChangesNothing(_ name: String) throws {
    let options = Self.options(.adamW, rate: 0.01)
    let (whole, disturbed) = (try Self.trainer(options), try Self.trainer(options))
    for trainer in [whole, disturbed] { _ = try trainer.step([Self.batch(0)]) }
    let other = Dictionary(
      uniqueKeysWithValues: try Self.trainer(options).state.map { ($0.name, $0.values) })
    let text = errorText {
      try disturbed.restore(stepsDone: 0) {
        $0 == name ? ParameterValues(shape: [1], values: [0]) : try #require(other[$0])
      }
    }
    #expect(text.contains("\(name) has shape [1]"), "\(text)")
    #expect(disturbed.stepsDone == 1)
    for trainer in [whole, disturbed] { _ = try trainer.step([Self.batch(1)]) }
    for (first, second) in zip(whole.state, disturbed.state) {
      let isSame = first.values.values() == second.values.values()
      #expect(isSame, "\(first.name)")
    }
  }

  @Test func scoresThatAreZoomedAreNotComparedAtPixels() throws {
    let network = Self.network()
    func make(_ grid: SegmentationLoss.Grid) throws {
      _ = try Trainer(
        network, parameters: InitialParameters(for: network),
        resize: .zoomed(by: 2, croppedFrom: 1), options: Self.options(.sgd, rate: 1, grid: grid))
    }
    #expect(errorText { try make(.pixels) }.contains("'loss.grid'"))
    try make(.scores)
  }

  @Test func labelsThatAreNoClassAreRefused() throws {
    let trainer = try Self.trainer(Self.ways[0])
    let batch = Self.batch(0)
    let text = errorText {
      _ = try trainer.step([
        TrainingBatch(images: batch.images, labels: batch.labels.map { _ in 7 })
      ])
    }
    #expect(text.contains("label 7"))
  }

  /// A loss of float32 sums, moved by ±1/512 of a weight: rounding 1e-7 · 512.
  @Test(arguments: [NormalizationMode.batch, .frozen])
  func gradientsOfAWholeNetworkAreThoseOfDifferences(_ mode: NormalizationMode) throws {
    var options = Self.options(.sgd, rate: 1, scales: [1, 0.5])
    options.normalization = mode
    let network = Self.network(dropout: 0)
    func trainer(_ parameters: any ParameterSource) throws -> Trainer {
      try Trainer(
        network, parameters: parameters, resize: .bilinear(.aligned), options: options)
    }
    let initial = InitialParameters(for: network, seed: 1)
    let gradients = try trainer(initial).gradients([Self.batch(0)])
    for (name, place) in [
      ("conv.weight", 40), ("bn.weight", 3), ("bn2.bias", 5), ("conv2.weight", 700),
      ("score.bias", 1),
    ] {
      guard let gradient = gradients[name]?.values()[place] else {
        #expect(mode == .frozen && name.hasPrefix("bn"), "\(name)")
        continue
      }
      let step: Float = 1 / 512
      let losses = try [step, -step].map { move in
        try trainer(Moved(source: initial, name: name, place: place, move: move))
          .step([Self.batch(0)]).loss
      }
      let quotient = (losses[0] - losses[1]) / (2 * Double(step))
      #expect(abs(quotient - Double(gradient)) < 2e-3 + 0.02 * abs(quotient), "\(name)")
    }
  }

  /// Another source, but for one parameter of a single value.
  private struct Reshaped: ParameterSource {
    let source: any ParameterSource
    let name: String

    func values(of name: String) throws -> ParameterValues {
      name == self.name
        ? ParameterValues(shape: [1], values: [0]) : try source.values(of: name)
    }
  }

  private struct Moved: ParameterSource {
    let source: any ParameterSource
    let name: String
    let place: Int
    let move: Float

    func values(of name: String) throws -> ParameterValues {
      let values = try source.values(of: name)
      guard name == self.name else { return values }
      var moved = values.values()
      moved[place] += move
      return ParameterValues(shape: values.shape, values: moved)
    }
  }
}
