import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Networks with layers behind them that refine their scores.
struct RefinedNetworkTests {
  private var both: LearnedRefinement {
    var refinement = LearnedRefinement()
    (refinement.crf.enabled, refinement.domainTransform.enabled) = (true, true)
    (refinement.crf.spatialSigma, refinement.crf.bilateralSigma) = (2, 8)
    refinement.crf.colorSigma = 20
    refinement.crf.stride = 2
    return refinement
  }

  private func network(_ refinement: LearnedRefinement, isTrained: Bool = true) throws -> Network {
    try NetworkCatalog.entry(named: "deeplab-small").make(
      classes: 3, refinement: refinement, isTrained: isTrained)
  }

  @Test("scores come at the points that are refined, and edges from features of every size")
  func shapes() throws {
    var refinement = both
    let network = try network(refinement)
    let shapes = try network.shapes(height: 50, width: 70)
    guard case .node(let output) = network.outputs[0].source else {
      Issue.record("scores that are the image")
      return
    }
    #expect(shapes[output] == TensorShape(height: 25, width: 35, channels: 3))
    let names = network.parameters.map(\.name)
    // Strides 2, 4 and 8.
    #expect(names.filter { $0.hasPrefix("edges.") && $0.hasSuffix(".weight") }.count == 3)
    #expect(names.contains("crf.compatibility"))
    #expect(names.contains("domain_transform.log_sigmas"))
    refinement.crf.stride = 1
    let whole = try self.network(refinement).shapes(height: 50, width: 70)
    #expect(whole.last == TensorShape(height: 50, width: 70, channels: 3))
    // In use, CRFs make more updates.
    func iterations(_ network: Network) -> [Int] {
      network.nodes.compactMap { ($0.layer as? CRFLayer)?.iterations }
    }
    #expect(iterations(network) == [5])
    #expect(iterations(try self.network(refinement, isTrained: false)) == [10])
  }

  @Test("heads that help training leave what refines the scores as it is")
  func auxiliaryHeads() throws {
    let entry = try #require(NetworkCatalog.all.first { $0.hasAuxiliaryHead })
    let names = try [true, false].map { withHead in
      try entry.make(
        classes: 3, withAuxiliaryHead: withHead, refinement: both
      ).parameters.filter { $0.name.hasPrefix("edges.") }.map {
        "\($0.name) \($0.specification.shape)"
      }
    }
    #expect(names[0] == names[1] && !names[0].isEmpty)
  }

  @Test("scores that are cropped to the image's size are refused")
  func zoomedScores() throws {
    #expect(throws: InputError.self) {
      try NetworkCatalog.entry(named: "deeplab-v1-4x4-r4-shifted").make(
        classes: 3, refinement: both)
    }
    var wrong = both
    wrong.crf.colorSigma = 0
    #expect(errorText { _ = try network(wrong) }.contains("crf.colorSigma"))
  }

  @Test("a trainer's gradients are the slopes of its loss, through CRF, transform and network")
  func slopes() throws {
    let network = try network(both)
    let entry = try NetworkCatalog.entry(named: "deeplab-small")
    var generator = SeededGenerator(seed: 5)
    let shape = TensorShape(batch: 2, height: 24, width: 26, channels: 3)
    let batch = TrainingBatch(
      images: Tensor(shape, values: (0..<shape.count).map { _ in generator.uniform() - 0.5 }),
      labels: (0..<shape.positions).map { UInt16($0 / 13 % 3) })
    func trainer(_ parameters: any ParameterSource) throws -> Trainer {
      // By running statistics: those of a batch would make the loss hard to compare.
      try Trainer(
        network, parameters: parameters, resize: entry.resize,
        options: TrainerOptions(
          optimizer: OptimizerSettings(.sgd), schedule: .init(.constant, base: 0), steps: 1,
          normalization: .frozen))
    }
    let initial = InitialParameters(for: network, seed: 3)
    let gradients = try trainer(initial).gradients([batch])
    #expect(gradients["crf.log_bandwidths"] == nil)
    func loss(_ name: String, _ index: Int, _ step: Float) throws -> Double {
      let parameters = try network.parameters.map { parameter in
        var values = try initial.values(of: parameter.name).values()
        if parameter.name == name { values[index] += step }
        return (
          parameter.name, ParameterValues(shape: parameter.specification.shape, values: values)
        )
      }
      return try trainer(NamedParameters(parameters)).step([batch]).loss
    }
    let names = network.parameters.map(\.name)
    let scoring = try #require(names.last { $0.hasSuffix(".bias") && !$0.hasPrefix("edges.") })
    for (name, index, step) in [
      ("crf.spatial_weights", 4, 0.05), ("crf.bilateral_weights", 1, 0.05),
      ("crf.compatibility", 3, 0.02), ("edges.0.bias", 0, 0.02), ("edges.2.weight", 7, 0.02),
      (scoring, 1, 0.05),
    ] as [(String, Int, Float)] {
      let slope = (try loss(name, index, step) - loss(name, index, -step)) / Double(2 * step)
      let found = Double(try #require(gradients[name]).values()[index])
      // A loss of about 1 that is 1e-6 off, over a step of 0.02; and what kinks of ReLUs and
      // curvature leave of a slope.
      #expect(abs(found - slope) < 2e-4 + 0.03 * abs(slope), "\(name): \(found), \(slope)")
    }
  }

  @Test("a CRF that learns alone leaves the network and its statistics as they are")
  func learnsAlone() throws {
    var refinement = both
    refinement.domainTransform.enabled = false
    refinement.crf.learns = .crf
    let network = try network(refinement)
    let entry = try NetworkCatalog.entry(named: "deeplab-small")
    let shape = TensorShape(batch: 2, height: 24, width: 24, channels: 3)
    var generator = SeededGenerator(seed: 5)
    let batch = TrainingBatch(
      images: Tensor(shape, values: (0..<shape.count).map { _ in generator.uniform() - 0.5 }),
      labels: (0..<shape.positions).map { UInt16($0 / 13 % 3) })
    let initial = InitialParameters(for: network, seed: 3)
    let trainer = try Trainer(
      network, parameters: initial, resize: entry.resize,
      options: TrainerOptions(
        optimizer: OptimizerSettings(.adamW), schedule: .init(.constant, base: 0.01), steps: 2,
        learnsRefinementAlone: true))
    _ = try trainer.step([batch])
    let changed = try trainer.snapshot().filter { name, values in
      try values.values() != initial.values(of: name).values()
    }.map(\.name)
    #expect(changed == ["crf.spatial_weights", "crf.bilateral_weights", "crf.compatibility"])
  }

  @Test("a checkpoint says what refines its network's scores, and ONNX has nothing for it")
  func notes() throws {
    let notes = ModelNotes(network: "deeplab-small", refinement: both)
    #expect(ModelNotes(metadata: notes.metadata) == notes)
    #expect(ModelNotes(refinement: LearnedRefinement()).metadata.isEmpty)
    #expect(ModelNotes(metadata: ["refinement": "{}"]).refinement == nil)
    let folder = try TemporaryFolder()
    let network = try network(both)
    let text = errorText {
      try ONNXExport.write(
        network, parameters: InitialParameters(for: network), to: folder.file("net.onnx"),
        size: .fixed(height: 32, width: 32))
    }
    #expect(text.contains("domain transform") && text.contains("ONNX"))
  }
}
