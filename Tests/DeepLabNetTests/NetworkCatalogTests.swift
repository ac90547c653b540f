import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// What must hold for every network in the catalogue.
@Suite(.serialized) struct NetworkCatalogTests {
  static let names = NetworkCatalog.all.map(\.name)

  @Test func namesAreUnique() {
    #expect(Set(Self.names).count == Self.names.count)
  }

  @Test func anUnknownNameIsRefusedWithTheLikeliestMeaning() {
    let text = errorText { _ = try NetworkCatalog.entry(named: "deeplab-v2-resnet10l") }
    #expect(text.contains("did you mean 'deeplab-v2-resnet101'?"), "\(text)")
  }

  @Test(arguments: names)
  func scoresHaveTheOutputStrideAskedFor(_ name: String) throws {
    let entry = try NetworkCatalog.entry(named: name)
    for stride in entry.outputStrides {
      let network = try entry.make(classes: 5, outputStride: stride)
      let pixels = (entry.scoreStride ?? stride).pixels
      for (height, width) in [(65, 97), (97, 65), (130, 161)] {
        let (rows, columns) = (entry.sizes.fitting(height), entry.sizes.fitting(width))
        let shapes = try network.shapes(height: rows, width: columns, batch: 2)
        guard case .node(let last)? = network.outputs.first?.source else {
          Issue.record("\(name) has no output")
          return
        }
        let scores = shapes[last]
        #expect(network.outputs[0].name == "scores")
        #expect(scores.channels == 5 && scores.batch == 2)
        // One position more or less at the border, which is where pools differ.
        #expect(abs(scores.height - (rows + pixels - 1) / pixels) <= 2)
        #expect(abs(scores.width - (columns + pixels - 1) / pixels) <= 2)
        let whole = try entry.resize.apply(
          to: Tensor(zeros: scores), height: rows, width: columns)
        #expect(whole.shape == scores.with(height: rows, width: columns))
      }
    }
  }

  @Test(arguments: names)
  func outputStridesChangeNoParameter(_ name: String) throws {
    let entry = try NetworkCatalog.entry(named: name)
    let expected = try entry.make().parameters
    for stride in entry.outputStrides {
      let found = try entry.make(outputStride: stride).parameters
      #expect(found.map(\.name) == expected.map(\.name))
      #expect(found.map(\.specification) == expected.map(\.specification))
    }
  }

  @Test(arguments: names)
  func everythingHasANameOfItsOwn(_ name: String) throws {
    let network = try NetworkCatalog.entry(named: name).make()
    #expect(Set(network.nodes.map(\.name)).count == network.nodes.count)
    #expect(Set(network.parameters.map(\.name)).count == network.parameters.count)
  }

  @Test(arguments: names)
  func strideAndSizeThatDoNotFitAreRefused(_ name: String) throws {
    let entry = try NetworkCatalog.entry(named: name)
    for stride in OutputStride.all where !entry.outputStrides.contains(stride) {
      #expect(errorText { _ = try entry.make(outputStride: stride) }.contains("output stride"))
    }
    #expect(errorText { _ = try entry.make(classes: 0) }.contains("at least one"))
  }

  @Test(arguments: names)
  func anAuxiliaryHeadIsASecondOutputWhereThereIsOne(_ name: String) throws {
    let entry = try NetworkCatalog.entry(named: name)
    guard entry.hasAuxiliaryHead else {
      #expect(errorText { _ = try entry.make(withAuxiliaryHead: true) }.contains("auxiliary"))
      return
    }
    let (plain, whole) = try (entry.make(), entry.make(withAuxiliaryHead: true))
    #expect(plain.outputs.map(\.name) == ["scores"])
    #expect(whole.outputs.map(\.name) == ["scores", "auxiliary"])
    #expect(Set(whole.parameters.map(\.name)).isSuperset(of: plain.parameters.map(\.name)))
  }

  /// A switch between two values that are as good as equal is set by rounding, and moves a value by
  /// a pixel: networks with switches have tests of their own.
  static let namesWithoutSwitches = NetworkCatalog.all.filter { entry in
    (try? entry.make())?.nodes.contains { $0.layer is MaxPoolSwitches } == false
  }.map(\.name)

  @Test(arguments: namesWithoutSwitches)
  func aPlanGivesWhatTheLayersGive(_ name: String) throws {
    let entry = try NetworkCatalog.entry(named: name)
    let network = try entry.make()
    let size = entry.sizes.fitting(33)
    let shape = TensorShape(height: size, width: entry.sizes.fitting(40), channels: 3)
    var generator = SeededGenerator(seed: 2)
    let image = Tensor(shape, values: (0..<shape.count).map { _ in generator.uniform() - 0.5 })
    let scores = try ExecutionWay.allCases.map { way in
      try NetworkRunner(network, parameters: InitialParameters(for: network), way: way)
        .scores(of: image)
    }
    let difference = try TensorDifference(scores[1], scores[0])
    // A hundred layers of sums in another order, and Winograd's transforms.
    #expect(difference.relative <= 1e-3, "\(difference)")
  }

  /// Numbers of learned parameters for 21 classes, computed from the papers' tables of layers.
  @Test(arguments: [
    ("deeplab-v1-largefov", 20_505_429), ("deeplab-v1-7x7-r4", 134_346_581),
    ("deeplab-v1-4x4-r4", 65_140_565), ("deeplab-v1-4x4-r8", 65_140_565),
    ("deeplab-v1-4x4-r4-shifted", 65_140_565),
    ("deeplab-v1-msc-largefov", 20_505_429 + 1_206_121),
    ("deeplab-v2-vgg16-largefov", 20_505_429), ("deeplab-v2-vgg16-aspp-s", 37_877_652),
    ("deeplab-v2-vgg16-aspp-l", 37_877_652), ("deeplab-v2-resnet101", 44_048_532),
    ("fcn-resnet50", 32_957_013), ("fcn-resnet101", 51_949_141),
    ("deeplab-v3-resnet50", 39_638_869), ("deeplab-v3-resnet101", 58_630_997),
    ("deeplab-v3-mobilenet-v3-large", 11_025_477), ("deeplab-v3-resnet101-multigrid", 58_630_997),
    ("deeplab-v3plus-resnet101", 58_753_973), ("deeplab-v3plus-mobilenet-v2", 5_225_717),
    ("deeplab-v3plus-xception65", 54_705_317), ("fcn32s", 134_346_581), ("fcn16s", 134_357_354),
    ("fcn8s", 134_362_751), ("fcn8s-at-once", 134_362_751),
    ("deconvnet", 251_805_653),
  ])
  func parametersAreAsManyAsInThePaper(_ name: String, _ count: Int) throws {
    #expect(try NetworkCatalog.entry(named: name).make().learnedParameterCount == count)
  }

  /// Multiply-adds of one image, in units of 10⁹, to the tenth.
  @Test(arguments: [
    ("deeplab-v1-largefov", 513, 128.6), ("deeplab-v1-largefov", 321, 50.9),
    ("deeplab-v2-vgg16-aspp-l", 321, 80.1), ("deeplab-v2-resnet101", 321, 75.1),
    ("deeplab-v2-resnet101", 513, 188.9), ("deeplab-v3-resnet50", 513, 168.7),
    ("deeplab-v3-resnet101", 321, 98.9), ("deconvnet", 224, 32.8),
  ])
  func workIsAsMuchAsThePublishedNetworks(_ name: String, _ size: Int, _ billions: Double) throws {
    let network = try NetworkCatalog.entry(named: name).make()
    let found = Double(try network.multiplyAdds(height: size, width: size)) / 1e9
    #expect(abs(found - billions) <= 0.06)
  }
}
