import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Networks that training programs have wrapped, and what they save beside them.
@Suite struct WrappedCheckpointTests {
  private typealias Tensors = [(name: String, shape: [Int])]

  private static func network(_ name: String) throws -> Network {
    try NetworkCatalog.entry(named: name).make(classes: 5)
  }

  private static func tensors(of name: String, behind prefix: String = "") throws -> Tensors {
    try network(name).parameters.map { (prefix + $0.name, $0.specification.shape) }
  }

  private static let small = "deeplab-small"

  private static func mapped(_ tensors: Tensors, to name: String = small) throws
    -> MappedCheckpoint
  {
    try MappedCheckpoint(network(name), in: NumberedCheckpoint(tensors))
  }

  @Test(
    "whatever a wrapper is called, and however often one is in another, its prefix is found",
    arguments: ["net.", "ema_model.module.", "_orig_mod._orig_mod.", "0.", "état.", "a.b.c.d.e.f."])
  func prefixes(_ prefix: String) throws {
    let mapped = try Self.mapped(Self.tensors(of: Self.small, behind: prefix))
    #expect(mapped.scheme.prefix == prefix)
    #expect(mapped.scheme.description.hasSuffix(", behind \(prefix)"))
    let first = try #require(try Self.network(Self.small).parameters.first?.name)
    #expect(try mapped.values(of: first).values().allSatisfy { $0 == 1 })
  }

  @Test(
    "wrappers of parts of a network are passed over within names",
    arguments: ["_orig_mod", "module", "_fsdp_wrapped_module._checkpoint_wrapped_module"])
  func wrappersWithinNames(_ wrapper: String) throws {
    func wrapped(_ name: String) -> String {
      let parts = name.split(separator: ".", maxSplits: 1)
      return parts[0] == "backbone" ? "model.backbone.\(wrapper).\(parts[1])" : "model." + name
    }
    let tensors = try Self.tensors(of: Self.small).map { (wrapped($0.name), $0.shape) }
    let mapped = try Self.mapped(tensors)
    #expect(mapped.scheme.prefix == "model." && mapped.extraTensors.isEmpty)
    let last = try #require(try Self.network(Self.small).parameters.last?.name)
    #expect(try mapped.values(of: last).values().allSatisfy { $0 == Float(tensors.count) })
  }

  @Test("where several prefixes lead to a whole network, none is guessed")
  func severalNetworks() throws {
    let both =
      try Self.tensors(of: Self.small, behind: "student.")
      + Self.tensors(of: Self.small, behind: "teacher.")
    let text = errorText { _ = try Self.mapped(both) }
    #expect(
      text
        == "numbered.pth: holds the network's parameters behind each of the prefixes 'student.', "
        + "'teacher.'; choose one of them, as in the prefix 'student.'")
    let fit = try #require(CheckpointFit.best(for: NumberedCheckpoint(both)).first)
    #expect(fit.name == Self.small && fit.prefixes == ["student.", "teacher."])

    // A second one without its head is no rival.
    let headless = both.filter { !$0.name.hasPrefix("teacher.") || $0.name.contains(".backbone.") }
    let mapped = try Self.mapped(headless)
    #expect(mapped.scheme.prefix == "student.")
    #expect(mapped.extraTensors == headless.map(\.name).filter { $0.hasPrefix("teacher.") })
  }

  @Test(
    "what belongs to no part of the network is left out by name",
    arguments: [
      ("criterion.weight", [11]), ("mean", [3]), ("n_averaged", []), ("loss.ce.weight", [1, 5]),
      ("projection.0.weight", [64, 64, 1, 1]),
    ] as [(String, [Int])])
  func additions(_ name: String, _ shape: [Int]) throws {
    for prefix in ["", "module."] {
      let tensors = try Self.tensors(of: Self.small, behind: prefix)
      for place in Set(["", prefix]) {
        let mapped = try Self.mapped([(place + name, shape)] + tensors)
        #expect(mapped.extraTensors == [place + name])
      }
    }
  }

  @Test("what is missing stays an error, whatever else is there")
  func missing() throws {
    var tensors = try Self.tensors(of: Self.small)
    let lost = tensors.removeLast()
    let text = errorText { _ = try Self.mapped(tensors + [("criterion.weight", [11])]) }
    #expect(text.contains("missing: 1\n    \(lost.name)"), "\(text)")
    #expect(text.contains("of no part of the network: 1\n    criterion.weight"), "\(text)")
  }

  @Test("a deeper network is not cut to a shallower one")
  func deeperNetworks() throws {
    let deep = try Self.tensors(of: "deeplab-v2-resnet101")
    let text = errorText { _ = try Self.mapped(deep, to: "deeplab-v2-resnet50") }
    #expect(text.contains("not in the network: "), "\(text)")
    // VGG-19: a fourth convolution in each of the last three stages.
    let longer = (3...5).flatMap { stage in
      [("conv\(stage)_4.weight", [512, 512, 3, 3]), ("conv\(stage)_4.bias", [512])]
    }
    let vgg = try Self.tensors(of: "deeplab-v1-largefov") + longer
    let other = errorText { _ = try Self.mapped(vgg, to: "deeplab-v1-largefov") }
    #expect(other.contains("not in the network: 6\n    conv3_4.weight"), "\(other)")
  }

  @Test("no network of the catalogue is taken for another by leaving parts of it out")
  func networksStayApart() throws {
    let own = try #require(KeyScheme.all.first)
    let networks = try NetworkCatalog.all.map { ($0.name, try $0.make()) }
    for (name, network) in networks {
      let checkpoint = NumberedCheckpoint(
        network.parameters.map { ($0.name, $0.specification.shape) })
      for (other, target) in networks {
        guard let mapped = try? MappedCheckpoint(target, in: checkpoint, scheme: own) else {
          continue
        }
        #expect(mapped.extraTensors.isEmpty, "\(name) as \(other)")
      }
    }
  }

  @Test("a training does not begin with the little that another kind of network shares")
  func littleInCommon() throws {
    let network = try Self.network("deeplab-v2-resnet50")
    let names: Tensors = [
      ("conv1.weight", [64, 3, 7, 7]), ("bn1.weight", [64]), ("bn1.bias", [64]),
      ("bn1.running_mean", [64]), ("bn1.running_var", [64]), ("block1.attention.weight", [64, 64]),
    ]
    let text = errorText {
      _ = try MappedCheckpoint(
        network, in: NumberedCheckpoint(names),
        missing: .allowed(initial: InitialParameters(for: network)))
    }
    #expect(text.contains("not in the network: 1\n    block1.attention.weight"), "\(text)")
  }

  @Test(
    "DeepLab v2 is read as its earliest port and the programs after it name it",
    arguments: [
      ("isht7/pytorch-deeplab-resnet", "Scale.", "layer5."),
      ("isht7/pytorch-deeplab-resnet", "", "layer5."),
      ("isht7/pytorch-deeplab-resnet", "module.Scale.", "layer5."),
      ("wasidennis/AdaptSegNet", "", "layer6."),
    ])
  func firstPort(_ scheme: String, _ prefix: String, _ branches: String) throws {
    let name = "deeplab-v2-resnet50"
    let tensors = try Self.tensors(of: name).map { tensor in
      let own = tensor.name
      let key =
        own.hasPrefix("aspp.")
        ? branches + "conv2d_list." + own.dropFirst(5) : String(own.dropFirst("backbone.".count))
      return (prefix + key, tensor.shape)
    }
    let half = (0..<4).map { ("\(prefix)layer5.conv2d_list.\($0).bias", [5]) }
    let mapped = try Self.mapped(tensors + (branches == "layer6." ? half : []), to: name)
    #expect(mapped.scheme.name == scheme && mapped.scheme.prefix == prefix)
    #expect(mapped.unusedHeads.count == (branches == "layer6." ? 4 : 0))
    #expect(try mapped.values(of: "aspp.3.bias").values().allSatisfy { $0 == Float(tensors.count) })
    #expect(
      try NetworkCatalog.entry(named: name).classCount(in: NumberedCheckpoint(tensors)) == 5)
  }
}
