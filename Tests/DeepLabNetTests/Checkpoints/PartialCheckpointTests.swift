import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Networks whose head is made anew, on what a checkpoint has.
struct PartialCheckpointTests {
  private typealias Tensors = [(name: String, shape: [Int])]

  private static func network(_ name: String, classes: Int = 21) throws -> Network {
    try NetworkCatalog.entry(named: name).make(classes: classes)
  }

  private static func mapped(
    _ network: Network, _ tensors: Tensors, scheme: KeyScheme? = nil
  ) throws -> MappedCheckpoint {
    try MappedCheckpoint(
      network, in: NumberedCheckpoint(tensors), scheme: scheme,
      missing: .allowed(initial: InitialParameters(for: network)))
  }

  /// A residual network for ImageNet as torchvision calls its parameters.
  private static func classifier(_ layers: Int) throws -> Tensors {
    let prefix = "backbone."
    let names = try network("deeplab-v2-resnet\(layers)").parameters
      .filter { $0.name.hasPrefix(prefix) }
      .map { (String($0.name.dropFirst(prefix.count)), $0.specification.shape) }
    return names + [("fc.weight", [1000, 2048]), ("fc.bias", [1000])]
  }

  /// VGG-16 for ImageNet as Caffe has it.
  private static func vgg() throws -> Tensors {
    let names = try network("deeplab-v1-largefov").parameters
      .filter { $0.name.hasPrefix("conv") }.map { ($0.name, $0.specification.shape) }
    return names + [
      ("fc6.weight", [4096, 25088]), ("fc6.bias", [4096]), ("fc7.weight", [4096, 4096]),
      ("fc7.bias", [4096]), ("fc8.weight", [1000, 4096]), ("fc8.bias", [1000]),
    ]
  }

  @Test func aBackboneOfAClassifierTakesANewHead() throws {
    let network = try Self.network("deeplab-v2-resnet50")
    let mapped = try Self.mapped(network, Self.classifier(50))
    #expect(mapped.scheme.name == "torchvision, classification")
    #expect(
      mapped.missingNames == (0..<4).flatMap { ["aspp.\($0).weight", "aspp.\($0).bias"] })
    #expect(mapped.unusedHeads == ["fc.weight", "fc.bias"])
    // The second tensor, all of whose values are its number.
    #expect(try mapped.values(of: "backbone.bn1.weight").values().allSatisfy { $0 == 2 })
    let initial = try InitialParameters(for: network).values(of: "aspp.2.weight")
    #expect(try mapped.values(of: "aspp.2.weight").values() == initial.values())
  }

  @Test func classifiersOfImageNetBecomeConvolutionsWhereTheyFit() throws {
    let large = try Self.mapped(Self.network("deeplab-v1-7x7-r4"), Self.vgg())
    #expect(large.missingNames == ["fc8_voc12.weight", "fc8_voc12.bias"])
    #expect(large.unusedHeads == ["fc8.weight", "fc8.bias"])
    #expect(try large.values(of: "fc7.weight").shape == [4096, 4096, 1, 1])

    let small = try Self.mapped(Self.network("deeplab-v1-largefov"), Self.vgg())
    #expect(
      small.missingNames.filter { $0.hasSuffix("weight") }.map { $0.prefix(3) } == [
        "fc6", "fc7", "fc8",
      ])
    #expect(small.unusedHeads.count == 6)
  }

  /// 4 × 4 taps instead of 7 × 7: the weight of `fc6` does not fit, but its bias would.
  @Test func aLayerIsTakenWholeOrNotAtAll() throws {
    let mapped = try Self.mapped(Self.network("deeplab-v1-4x4-r4"), Self.vgg())
    #expect(
      mapped.missingNames == ["fc6.weight", "fc6.bias", "fc8_voc12.weight", "fc8_voc12.bias"])
    #expect(try mapped.values(of: "fc6.bias").values().allSatisfy { $0 == 0 })
  }

  @Test func aHeadForOtherClassesIsMissingByName() throws {
    let tensors = try Self.network("deeplab-v1-largefov").parameters
      .map { ($0.name, $0.specification.shape) }
    let network = try Self.network("deeplab-v1-largefov", classes: 5)
    let mapped = try Self.mapped(network, tensors)
    #expect(mapped.missingNames == ["fc8_voc12.weight", "fc8_voc12.bias"])
    #expect(mapped.unusedHeads == mapped.missingNames)
    #expect(try mapped.values(of: "fc8_voc12.weight").shape == [5, 1024, 1, 1])
    let text = errorText { _ = try MappedCheckpoint(network, in: NumberedCheckpoint(tensors)) }
    #expect(text.contains("fc8_voc12.weight is 21 × 1024 × 1 × 1, the network needs 5 × "))
  }

  @Test func aBackboneOfOtherDepthIsRefused() throws {
    let deep = try Self.network("deeplab-v2-resnet101")
    var text = errorText { _ = try Self.mapped(deep, Self.classifier(50)) }
    #expect(text.contains("behind layers that are missing: "), "\(text)")
    #expect(text.contains("\n    layer4.0.conv1.weight\n"), "\(text)")
    let shallow = try Self.network("deeplab-v2-resnet50")
    text = errorText { _ = try Self.mapped(shallow, Self.classifier(101)) }
    #expect(text.contains("not in the network: "), "\(text)")
    #expect(text.contains("\n    layer3.6.conv1.weight\n"), "\(text)")
  }

  @Test func aCheckpointOfSomethingElseIsRefused() throws {
    let network = try Self.network("deeplab-v1-largefov")
    let own = try #require(KeyScheme.all.first)
    let text = errorText {
      _ = try Self.mapped(network, [("classifier.weight", [2])], scheme: own)
    }
    #expect(text.contains("does not fit the network"))
  }

  @Test func initialValuesOfAnotherNetworkAreRefused() throws {
    let network = try Self.network("deeplab-v1-largefov")
    let other = try InitialParameters(for: Self.network("deeplab-v1-largefov", classes: 5))
    let mapped = try MappedCheckpoint(
      network, in: NumberedCheckpoint(Self.vgg()), missing: .allowed(initial: other))
    let text = errorText { _ = try mapped.values(of: "fc8_voc12.bias") }
    #expect(text.contains("fc8_voc12.bias have the shape [5], not [21]"))
  }
}
