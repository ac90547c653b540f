import DeepLabNet
import TestSupport
import Testing

/// FCNs, DeepLab v3 and v3+ with the fixtures' weights, under the names that the programs they come
/// from give them.
@Suite(.enabled(if: Shared.isPresent, Shared.absence), .serialized) struct LaterNetworkGoldenTests {
  /// A folder of the fixtures, and the network that it is of.
  struct Reference: Sendable, CustomTestStringConvertible {
    let folder: String
    let name: String
    let stride: OutputStride

    var testDescription: String { folder }

    init(_ folder: String, _ name: String, at stride: OutputStride) {
      (self.folder, self.name, self.stride) = (folder, name, stride)
    }

    func network() throws -> (entry: CatalogEntry, network: Network) {
      let entry = try NetworkCatalog.entry(named: name)
      let network = try entry.make(
        outputStride: stride, withAuxiliaryHead: entry.hasAuxiliaryHead)
      return (entry, network)
    }
  }

  static let references = [
    Reference("torchvision_fcn_resnet50", "fcn-resnet50", at: .eight),
    Reference("torchvision_fcn_resnet101", "fcn-resnet101", at: .eight),
    Reference("torchvision_deeplabv3_resnet50", "deeplab-v3-resnet50", at: .eight),
    Reference("torchvision_deeplabv3_resnet101", "deeplab-v3-resnet101", at: .eight),
    Reference(
      "torchvision_deeplabv3_mobilenet_v3_large", "deeplab-v3-mobilenet-v3-large", at: .sixteen),
    Reference("vainf_deeplabv3plus_resnet101_os8", "deeplab-v3plus-resnet101", at: .eight),
    Reference("vainf_deeplabv3plus_resnet101_os16", "deeplab-v3plus-resnet101", at: .sixteen),
    Reference("vainf_deeplabv3plus_mobilenet_os8", "deeplab-v3plus-mobilenet-v2", at: .eight),
    Reference("vainf_deeplabv3plus_mobilenet_os16", "deeplab-v3plus-mobilenet-v2", at: .sixteen),
    Reference("jfzhang_deeplabv3plus_xception_os8", "deeplab-v3plus-xception65", at: .eight),
    Reference("jfzhang_deeplabv3plus_xception_os16", "deeplab-v3plus-xception65", at: .sixteen),
    Reference("fcn32s_vgg16", "fcn32s", at: .one), Reference("fcn16s_vgg16", "fcn16s", at: .one),
    Reference("fcn8s_vgg16", "fcn8s", at: .one),
  ]

  @Test(arguments: references, ExecutionWay.allCases)
  func networksGiveTheScoresOfTheReference(_ reference: Reference, _ way: ExecutionWay) throws {
    let (entry, network) = try reference.network()
    let weights = try MappedCheckpoint(network, in: FixtureWeights(folder: reference.folder))
    let runner = try NetworkRunner(network, parameters: weights, way: way)
    // Layer by layer, weights are packed for each image anew: one is enough.
    for golden in NetworkCase.all(in: reference.folder).prefix(way == .straight ? 1 : .max) {
      let outputs = try runner.outputs(of: golden.input(for: entry))
      for (name, theirs) in [("scores", "out"), ("auxiliary", "aux")] {
        guard let scores = outputs[name] else { continue }
        // FCN's scores are at every pixel already; theirs are those before the last upsampling.
        if reference.stride != .one { try golden.expect(scores, theirs + "_native") }
        try golden.expectPixels(scores, theirs, entry)
      }
    }
  }

  /// Nothing is missing, nothing left over, and numbers of parameters are those of the reference.
  @Test(arguments: references)
  func checkpointsFitWhole(_ reference: Reference) throws {
    let network = try reference.network().network
    let checkpoint = try FixtureWeights(folder: reference.folder)
    let mapped = try MappedCheckpoint(network, in: checkpoint)
    #expect(mapped.unusedHeads.isEmpty && mapped.missingNames.isEmpty)
    let counters = checkpoint.entries.count { $0.name.hasSuffix("num_batches_tracked") }
    #expect(network.parameters.count + counters == checkpoint.entries.count)
    let counts = try AnyJSON.read(Shared.fixture("net/param_counts.json"))[reference.folder]
    #expect(network.learnedParameterCount == counts["learnable"].number.map { Int($0) })
    let frozen = network.parameters.filter { $0.specification.role == .frozenWeight }
    #expect(
      frozen.map(\.specification.count).reduce(0, +)
        == counts["frozen_bilinear"].number.map { Int($0) })
  }

  /// A network without auxiliary head leaves that of a checkpoint alone, and nothing else.
  @Test(arguments: references.filter { $0.folder.hasPrefix("torchvision") })
  func auxiliaryHeadsAreLeftOutUnlessAskedFor(_ reference: Reference) throws {
    let checkpoint = try FixtureWeights(folder: reference.folder)
    let entry = try NetworkCatalog.entry(named: reference.name)
    let mapped = try MappedCheckpoint(entry.make(), in: checkpoint)
    let heads = checkpoint.entries.map(\.name).filter {
      $0.hasPrefix("aux_classifier.") && !$0.hasSuffix("num_batches_tracked")
    }
    #expect(mapped.scheme.name == "torchvision, segmentation")
    #expect(mapped.unusedHeads == heads && heads.count == 7)
    #expect(try entry.classCount(in: checkpoint) == CatalogEntry.defaultClasses)
  }

  @Test(arguments: references)
  func checkpointsTellWhichNetworkTheyFit(_ reference: Reference) throws {
    let fits = CheckpointFit.best(for: try FixtureWeights(folder: reference.folder))
    #expect(fits.contains { $0.name == reference.name && $0.isWhole })
  }
}
