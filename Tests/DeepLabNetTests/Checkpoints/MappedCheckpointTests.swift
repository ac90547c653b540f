import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

@Suite struct MappedCheckpointTests {
  /// A convolution, its normalisation, and a branch of a pyramid, called as in DeepLab v2.
  private static let network: Network = {
    var builder = NetworkBuilder()
    let block = "backbone.layer3.1."
    var source = builder.add(
      Convolution(from: 3, to: 2, kernelSize: 1, hasBias: false), to: .image,
      named: block + "conv2")
    source = builder.add(BatchNormalization(channels: 2), to: source, named: block + "bn2")
    source = builder.add(Convolution(from: 2, to: 4, kernelSize: 1), to: source, named: "aspp.3")
    return builder.network(outputs: [("scores", source)])
  }()

  private static let portNames: [(name: String, shape: [Int])] = [
    ("layer4.block2.conv3x3.conv.weight", [2, 3, 1, 1]),
    ("layer4.block2.conv3x3.bn.weight", [2]), ("layer4.block2.conv3x3.bn.bias", [2]),
    ("layer4.block2.conv3x3.bn.running_mean", [2]),
    ("layer4.block2.conv3x3.bn.running_var", [2]),
    ("layer4.block2.conv3x3.bn.num_batches_tracked", []),
    ("aspp.c3.weight", [4, 2, 1, 1]), ("aspp.c3.bias", [4]),
  ]

  private static let ownNames = network.parameters.map { ($0.name, $0.specification.shape) }

  private static func prefixed(_ prefix: String) -> [(name: String, shape: [Int])] {
    portNames.map { (prefix + $0.name, $0.shape) }
  }

  @Test(arguments: [
    "", "base.", "module.", "module.base.", "model.", "_orig_mod.", "model._orig_mod.",
    "module.model.", "student.net.0.",
  ])
  func theSchemeAndItsPrefixAreGuessed(_ prefix: String) throws {
    let mapped = try MappedCheckpoint(Self.network, in: NumberedCheckpoint(Self.prefixed(prefix)))
    #expect(mapped.scheme.name == "kazuto1011/deeplab-pytorch")
    #expect(mapped.scheme.prefix == prefix)
    #expect(try mapped.values(of: "backbone.layer3.1.bn2.running_mean").values() == [4, 4])
    #expect(try mapped.values(of: "aspp.3.bias").values() == [8, 8, 8, 8])
  }

  @Test func theNetworksOwnNamesNeedNoScheme() throws {
    let mapped = try MappedCheckpoint(Self.network, in: NumberedCheckpoint(Self.ownNames))
    #expect(mapped.scheme.description == "the network's own names")
  }

  /// Names as in the released model: letters in the stages of three blocks, `a`, `b1`, `b2` … in
  /// the others.
  @Test func caffesResNet101IsFoundWhole() throws {
    let network = try NetworkCatalog.entry(named: "deeplab-v2-resnet101").make()
    let stages = [
      ["2a", "2b", "2c"], ["3a"] + (1...3).map { "3b\($0)" },
      ["4a"] + (1...22).map { "4b\($0)" }, ["5a", "5b", "5c"],
    ]
    let branches = stages.flatMap { blocks in
      [blocks[0] + "_branch1"]
        + blocks.flatMap { block in ["a", "b", "c"].map { "\(block)_branch2\($0)" } }
    }
    let normalized = [("conv1", "_conv1")] + branches.map { ("res" + $0, $0) }
    let names =
      normalized.flatMap { convolution, place in
        ["\(convolution).weight", "bn\(place).running_mean", "bn\(place).running_var"]
          + ["scale\(place).weight", "scale\(place).bias"]
      } + (0..<4).flatMap { ["fc1_voc12_c\($0).weight", "fc1_voc12_c\($0).bias"] }
    let scheme = try KeyScheme.guess(for: network, names: names)
    #expect(scheme.name == "Caffe")
    let found = errorText {
      _ = try MappedCheckpoint(
        network, in: NumberedCheckpoint(names.map { ($0, [0]) }), scheme: scheme)
    }
    #expect(!found.contains("missing") && !found.contains("not in the network"), "\(found)")
  }

  @Test func headsOfOtherNetworksAreLeftOutByName() throws {
    let heads = [(name: "fc.weight", shape: [91, 2]), (name: "fc.bias", shape: [91])]
    let mapped = try MappedCheckpoint(Self.network, in: NumberedCheckpoint(Self.portNames + heads))
    #expect(mapped.unusedHeads == ["fc.weight", "fc.bias"])
  }

  @Test func allThatDoesNotFitIsReportedAtOnce() {
    var names = Self.portNames
    names[0].shape = [2, 3, 3, 3]
    names[7].name = "aspp.c3.bais"
    names.append(("fc.bias", [91]))
    let text = errorText { _ = try MappedCheckpoint(Self.network, in: NumberedCheckpoint(names)) }
    #expect(text.hasPrefix("numbered.pth: does not fit the network"))
    #expect(text.contains("missing: 1\n    aspp.c3.bias; there is aspp.c3.bais\n"))
    #expect(
      text.contains(
        "layer4.block2.conv3x3.conv.weight is 2 × 3 × 3 × 3, the network needs 2 × 3 × 1 × 1"))
    #expect(text.contains("not in the network: 1\n    aspp.c3.bais\n"))
    #expect(text.contains("heads that the network does not have: 1\n    fc.bias\n  choose"))
    #expect(!text.contains("num_batches_tracked"))
  }

  @Test func aCheckpointOfSomethingElseIsRefused() {
    let other = [(name: "encoder.weight", shape: [2])]
    let text = errorText { _ = try MappedCheckpoint(Self.network, in: NumberedCheckpoint(other)) }
    #expect(text.contains("none of the network's parameters"))
    #expect(text.contains("encoder.weight"))
  }
}
