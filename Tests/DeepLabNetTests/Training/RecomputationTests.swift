import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Activations that the backward pass computes again, rather than the forward pass keeping them.
@Suite struct RecomputationTests {
  /// A network of the catalogue and how it is trained.
  struct Case: Sendable, CustomTestStringConvertible {
    let model: String
    var normalization = NormalizationMode.batch
    var side = 33
    var scales = [1.0]
    var hasAuxiliaryHead = false

    var testDescription: String { "\(model), \(normalization) normalisation, \(scales)" }

    func network() throws -> (network: Network, resize: ScoreResize) {
      let entry = try NetworkCatalog.entry(named: model)
      return (
        try entry.make(classes: 3, withAuxiliaryHead: hasAuxiliaryHead), entry.resize
      )
    }

    func trainer(recomputes: Bool, threads: Int) throws -> Trainer {
      let (network, resize) = try network()
      let options = TrainerOptions(
        optimizer: OptimizerSettings(.sgd),
        schedule: LearningRateSchedule(.constant, base: 1e-3), steps: 2,
        normalization: normalization, scales: scales, seed: 7, recomputesActivations: recomputes)
      return try Trainer(
        network, parameters: InitialParameters(for: network, seed: 1), resize: resize,
        options: options, parallelism: Parallelism(threads: threads))
    }

    func batch() -> TrainingBatch {
      var draws = SeededGenerator(seed: 3)
      let shape = TensorShape(batch: 2, height: side, width: side, channels: 3)
      return TrainingBatch(
        images: Tensor(shape, values: (0..<shape.count).map { _ in draws.normal() }),
        labels: (0..<shape.positions).map { _ in UInt16.random(in: 0..<3, using: &draws) })
    }
  }

  /// Residual blocks, paths that skip over many steps, dropout, batch and frozen statistics, two
  /// outputs, several passes a step.
  static let cases = [
    Case(model: "deeplab-small", side: 65), Case(model: "deeplab-small", scales: [1, 0.5]),
    Case(model: "deeplab-v2-resnet50-largefov", normalization: .frozen),
    Case(model: "fcn-resnet50", hasAuxiliaryHead: true),
    Case(model: "deeplab-v1-msc-largefov"), Case(model: "deeplab-v3plus-mobilenet-v2", side: 65),
  ]

  /// The networks above do have what they are there for.
  @Test func casesCoverWhatRecomputationCouldGetWrong() throws {
    let layers = try Self.cases.map { try $0.network().network.nodes.map(\.layer) }
    #expect(layers.contains { $0.contains { ($0 as? Dropout)?.rate ?? 0 > 0 } })
    #expect(layers.contains { $0.contains { $0 is Concatenation } })
    #expect(layers.contains { $0.contains { $0 is Sum } })
  }

  @Test(arguments: cases)
  func gradientsAndStatisticsAreTheSameBitForBit(_ example: Case) throws {
    let batch = example.batch()
    let kept = try example.trainer(recomputes: false, threads: 2)
    let again = try example.trainer(recomputes: true, threads: 1)
    let (first, second) = (try kept.gradients([batch]), try again.gradients([batch]))
    #expect(Set(first.keys) == Set(second.keys))
    for (name, gradient) in first {
      let isSame = gradient.values() == second[name]?.values()
      #expect(isSame, "\(name)")
    }
    #expect(first.values.contains { $0.values().contains { $0 != 0 } })
    let losses = try [kept, again].map { try $0.step([batch]).loss }
    #expect(losses[0] == losses[1])
    for (first, second) in zip(kept.state, again.state) {
      let isSame = first.values.values() == second.values.values()
      #expect(isSame, "\(first.name)")
    }
  }

  /// A network's graph, recomputing or not.
  private func graph(_ network: Network, _ example: Case, recomputes: Bool) -> TrainingGraph {
    TrainingGraph(
      network, normalization: example.normalization, recomputesActivations: recomputes)
  }

  @Test(arguments: cases) func lessIsHeld(_ example: Case) throws {
    let network = try example.network().network
    let parameters = try network.parameters.map {
      try InitialParameters(for: network, seed: 1).values(of: $0.name)
    }
    let image = example.batch().images
    let held = try [false, true].map { recomputes in
      try TrainingPass(
        graph(network, example, recomputes: recomputes), image: image, parameters: parameters,
        dropoutSeed: 0, parallelism: .automatic
      ).heldBytes
    }
    // Of these few layers the last ones alone are up to a third.
    #expect(held[1] < held[0] / 2, "\(held) bytes behind the forward pass")
  }

  /// LargeFOV needs the first two maps with their gradients whatever is recomputed, each a seventh
  /// of what it holds without. Of some hundred steps of ResNet-101 √n segments would leave a fifth,
  /// were all maps of one size; the first ones are sixteen times the last.
  @Test(arguments: [
    ("deeplab-v1-largefov", 0.58), ("deeplab-v2-resnet101", 0.4),
    ("deeplab-v3plus-resnet101", 0.4),
  ])
  func thePeakIsLower(_ model: String, _ share: Double) throws {
    let example = Case(model: model)
    let network = try example.network().network
    let image = TensorShape(batch: 2, height: 321, width: 321, channels: 3)
    let peaks = try [false, true].map {
      Double(try graph(network, example, recomputes: $0).peakBytes(for: image))
    }
    #expect(peaks[1] < share * peaks[0], "\(peaks) bytes")
  }

  /// Chen et al. (2016), §4.1: √n segments of √n steps.
  @Test(arguments: [16, 64, 144]) func aChainOfEqualStepsHoldsTwiceItsRoot(_ count: Int) throws {
    var builder = NetworkBuilder()
    var source = Network.Source.image
    for index in 0..<count {
      let layer = Convolution(from: 3, to: 3, kernelSize: 1)
      source = builder.add(layer, to: source, named: "conv\(index)")
    }
    let network = builder.network(outputs: [("scores", source)])
    let image = TensorShape(height: 5, width: 7, channels: 3)
    let sizes = try [false, true].map { recomputes in
      try graph(network, Self.cases[0], recomputes: recomputes).peakBytes(for: image)
        / (image.count * MemoryLayout<Float>.size)
    }
    // And the gradients of a step's input and output.
    #expect(sizes[0] == count + 2)
    #expect(sizes[1] <= 2 * Int(Double(count).squareRoot()) + 2, "\(sizes[1])")
    #expect(sizes[1] * sizes[1] >= count)
  }
}
