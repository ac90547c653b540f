import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Batch normalisations that would see one value of each channel.
struct SingleValueTests {
  /// A convolution of stride 8; behind it a branch on the mean of the map, or nothing more.
  private static func network(isPooled: Bool) -> Network {
    var builder = NetworkBuilder()
    let map = builder.add(
      Convolution(from: 3, to: 4, kernelSize: 3, stride: 8, padding: 1, hasBias: false),
      to: .image, named: "conv")
    var source = map
    if isPooled {
      source = builder.add(GlobalAveragePool(), to: map, named: "mean")
      source = builder.add(
        Convolution(from: 4, to: 4, kernelSize: 1, hasBias: false), to: source, named: "pooled")
    }
    source = builder.add(BatchNormalization(channels: 4), to: source, named: "bn")
    if isPooled {
      source = builder.add(
        BilinearResize(to: .ofLastInput, corners: .halfPixel), to: source, map, named: "resize")
    }
    source = builder.add(Convolution(from: 4, to: 2, kernelSize: 1), to: source, named: "score")
    return builder.network(outputs: [("scores", source)])
  }

  private static func trainer(
    isPooled: Bool, _ normalization: NormalizationMode = .batch, scales: [Double] = [1],
    accumulation: Int = 1
  ) throws -> Trainer {
    let network = network(isPooled: isPooled)
    return try Trainer(
      network, parameters: InitialParameters(for: network, seed: 1),
      resize: .bilinear(.aligned),
      options: TrainerOptions(
        optimizer: OptimizerSettings(.sgd), schedule: LearningRateSchedule(.poly, base: 0.01),
        steps: 10, normalization: normalization, scales: scales, accumulation: accumulation))
  }

  private static func batch(_ images: Int, side: Int) -> TrainingBatch {
    let shape = TensorShape(batch: images, height: side, width: side, channels: 3)
    let values = (0..<shape.count).map { Float($0 % 7) }
    return TrainingBatch(
      images: Tensor(shape, values: values),
      labels: (0..<shape.positions).map { UInt16($0 % 2) })
  }

  @Test("a pooled branch in a batch of one image is refused, of whatever size")
  func pooledBranch() throws {
    for trainer in [
      try Self.trainer(isPooled: true), try Self.trainer(isPooled: true, scales: [1, 0.5]),
    ] {
      let text = errorText { try trainer.check(batch: 1, height: 65, width: 97) }
      #expect(
        text.hasPrefix(
          "bn: the batch normalisation would see one value of each channel in a batch of one image, "
            + "whatever its size, and give the same for every image; "), "\(text)")
      #expect(text.contains("batch=2") && !text.contains("larger"))
      try trainer.check(batch: 2, height: 65, width: 97)
    }
  }

  @Test("maps of one position are refused, and larger ones are not")
  func mapsOfOnePosition() throws {
    let trainer = try Self.trainer(isPooled: false)
    let text = errorText { try trainer.check(batch: 1, height: 8, width: 5) }
    #expect(text.contains("one image of 5×8 pixels") && text.contains("on larger ones"), "\(text)")
    try trainer.check(batch: 1, height: 9, width: 5)
    try trainer.check(batch: 2, height: 8, width: 5)
    // At half the size, the map has one position again.
    let scaled = try Self.trainer(isPooled: false, scales: [1, 0.5])
    #expect(errorText { try scaled.check(batch: 1, height: 9, width: 9) }.contains("5×5 pixels"))
  }

  @Test("frozen normalisations take any batch")
  func frozen() throws {
    for isPooled in [true, false] {
      let trainer = try Self.trainer(isPooled: isPooled, .frozen)
      try trainer.check(batch: 1, height: 8, width: 8)
      let loss = try trainer.step([Self.batch(1, side: 8)]).loss
      #expect(loss.isFinite && trainer.stepsDone == 1)
    }
  }

  @Test("a step on such a batch is refused and changes nothing, and accumulation does not help")
  func steps() throws {
    let trainer = try Self.trainer(isPooled: true, accumulation: 2)
    let before = trainer.snapshot().map { $0.values.values() }
    let small = Self.batch(1, side: 33)
    let text = errorText { _ = try trainer.step([small, small]) }
    #expect(text.hasPrefix("bn: the batch normalisation would see one value"))
    #expect(trainer.stepsDone == 0 && trainer.snapshot().map { $0.values.values() } == before)
    let two = Self.batch(2, side: 33)
    #expect(try trainer.step([two, two]).loss.isFinite)
  }
}
