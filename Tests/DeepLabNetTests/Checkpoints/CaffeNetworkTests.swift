import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Small networks with the layers and the names of the released Caffe models: written as Caffe
/// does, opened as files, and found again value by value.
struct CaffeNetworkTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func open(_ writer: CaffeModelWriter) throws -> CheckpointFile {
    try CheckpointFile.open(folder.write(writer.bytes, as: "small.caffemodel"))
  }

  /// DeepLab v2 on a residual network of a single block, with a pyramid of two branches.
  private static let residual: Network = {
    var builder = NetworkBuilder()
    let block = "backbone.layer1.0."
    let first = builder.add(
      Convolution(from: 3, to: 4, kernelSize: 3, padding: 1, hasBias: false), to: .image,
      named: "backbone.conv1")
    let stem = builder.add(BatchNormalization(channels: 4), to: first, named: "backbone.bn1")
    var source = stem
    for (number, (inputs, outputs)) in [(4, 2), (2, 2), (2, 8)].enumerated() {
      source = builder.add(
        Convolution(from: inputs, to: outputs, kernelSize: 1, hasBias: false), to: source,
        named: block + "conv\(number + 1)")
      source = builder.add(
        BatchNormalization(channels: outputs), to: source, named: block + "bn\(number + 1)")
    }
    var shortcut = builder.add(
      Convolution(from: 4, to: 8, kernelSize: 1, hasBias: false), to: stem,
      named: block + "downsample.0")
    shortcut = builder.add(
      BatchNormalization(channels: 8), to: shortcut, named: block + "downsample.1")
    let features = builder.add(Sum(), to: source, shortcut, named: block + "sum")
    let branches = (0..<2).map {
      builder.add(Convolution(from: 8, to: 3, kernelSize: 3), to: features, named: "aspp.\($0)")
    }
    let scores = builder.add(Sum(), to: branches, named: "aspp.sum")
    return builder.network(outputs: [("scores", scores)])
  }()

  /// Some values for each parameter, other for each; variances are positive.
  private static func values(for network: Network) -> [String: ParameterValues] {
    var generator = SeededGenerator(seed: 5)
    return Dictionary(
      uniqueKeysWithValues: network.parameters.map { name, specification in
        let values = (0..<specification.count).map { _ in generator.uniform() + 0.125 }
        return (name, ParameterValues(shape: specification.shape, values: values))
      })
  }

  private func expect(
    _ values: [String: ParameterValues], of network: Network, in checkpoint: CheckpointFile
  ) throws -> KeyScheme {
    let mapped = try MappedCheckpoint(network, in: checkpoint)
    for (name, expected) in values {
      let found = try mapped.values(of: name)
      #expect(found.shape == expected.shape, "\(name)")
      #expect(found.values() == expected.values(), "\(name)")
    }
    return mapped.scheme
  }

  @Test func aResidualNetworkIsFoundWhole() throws {
    let values = Self.values(for: Self.residual)
    func blobs(_ layer: String, _ parameters: [String]) throws -> [CaffeModelWriter.Blob] {
      try parameters.map {
        let values = try #require(values["\(layer).\($0)"])
        return (values.shape, values.values())
      }
    }
    var writer = CaffeModelWriter(style: .current)
    // What a normalised convolution is called here, there, and behind `bn` and `scale`.
    let block = "backbone.layer1.0."
    for (convolution, normalization, name, suffix) in [
      ("backbone.conv1", "backbone.bn1", "conv1", "_conv1"),
      (block + "downsample.0", block + "downsample.1", "res2a_branch1", "2a_branch1"),
      (block + "conv1", block + "bn1", "res2a_branch2a", "2a_branch2a"),
      (block + "conv2", block + "bn2", "res2a_branch2b", "2a_branch2b"),
      (block + "conv3", block + "bn3", "res2a_branch2c", "2a_branch2c"),
    ] {
      writer.add(name, .convolution, try blobs(convolution, ["weight"]))
      // Caffe keeps sums. Multiplied and divided by a power of two, numbers stay what they are.
      let factor: Float = 4
      let sums = try blobs(normalization, ["running_mean", "running_var"]).map {
        ($0.shape, $0.values.map { factor * $0 })
      }
      writer.add("bn" + suffix, .batchNormalization, sums + [([1], [factor])])
      writer.add("scale" + suffix, .scale, try blobs(normalization, ["weight", "bias"]))
      writer.add(name + "_relu", .rectifier)
    }
    for index in 0..<2 {
      writer.add(
        "fc1_voc12_c\(index)", .convolution, try blobs("aspp.\(index)", ["weight", "bias"]))
    }
    let scheme = try expect(values, of: Self.residual, in: open(writer))
    #expect(scheme.name == "Caffe")
  }

  /// VGG-16 in small: a convolution, and a classifier that looks at a whole map.
  private static func plain(map: ConvolutionGeometry.Extent) -> Network {
    var builder = NetworkBuilder()
    var source = builder.add(
      Convolution(from: 3, to: 4, kernelSize: 3, padding: 1), to: .image, named: "conv1_1")
    source = builder.add(Convolution(from: 4, to: 5, kernelSize: map), to: source, named: "fc6")
    source = builder.add(Convolution(from: 5, to: 6, kernelSize: 1), to: source, named: "fc7")
    return builder.network(outputs: [("scores", source)])
  }

  /// The model of a plain network, whose `fc` layers are fully connected.
  private func write(
    _ network: Network, _ values: [String: ParameterValues], _ style: CaffeModelWriter.Style
  ) throws -> CheckpointFile {
    var writer = CaffeModelWriter(style: style)
    for node in network.nodes {
      let (weight, bias) = try (
        #require(values[node.name + ".weight"]), #require(values[node.name + ".bias"])
      )
      let outputs = weight.shape[0]
      let isConvolution = node.name.hasPrefix("conv")
      let shape = isConvolution ? weight.shape : [outputs, weight.count / outputs]
      writer.add(
        node.name, isConvolution ? .convolution : .innerProduct,
        [(shape, weight.values()), (bias.shape, bias.values())])
      writer.add(node.name + "_relu", .rectifier)
    }
    return try open(writer)
  }

  @Test(arguments: CaffeModelWriter.Style.allCases)
  func fullyConnectedLayersAreConvolutions(_ style: CaffeModelWriter.Style) throws {
    let network = Self.plain(map: .init(rows: 2, columns: 3))
    let values = Self.values(for: network)
    let checkpoint = try write(network, values, style)
    #expect(checkpoint.entries.first { $0.name == "fc6.weight" }?.shape == [5, 24])
    let scheme = try expect(values, of: network, in: checkpoint)
    // Caffe calls VGG-16's layers as the networks here do.
    #expect(scheme.description == "the network's own names")
    let caffe = try #require(KeyScheme.all.first { $0.name == "Caffe" })
    #expect(try MappedCheckpoint(network, in: checkpoint, scheme: caffe).missingNames.isEmpty)
  }

  /// Layers as DeconvNet has them, whose normalisations are a scale and a shift of 1 × channels × 1
  /// × 1.
  @Test func normalizationsWithoutStatisticsAreFound() throws {
    var builder = NetworkBuilder()
    var source = builder.add(
      Convolution(from: 3, to: 4, kernelSize: 1), to: .image, named: "conv1_1")
    source = builder.add(
      BatchNormalization(channels: 4, hasStatistics: false), to: source, named: "bn1_1")
    source = builder.add(
      TransposedConvolution(from: 4, to: 2, ConvolutionGeometry(kernelSize: 3)), to: source,
      named: "deconv1_1")
    let network = builder.network(outputs: [("scores", source)])
    let values = Self.values(for: network)
    var writer = CaffeModelWriter(style: .current)
    for (node, type) in zip(
      network.nodes,
      [CaffeModelWriter.LayerType.convolution, .foldedNormalization, .transposedConvolution])
    {
      let blobs = try ["weight", "bias"].map { name in
        let values = try #require(values["\(node.name).\(name)"])
        return (type == .foldedNormalization ? [1, 4, 1, 1] : values.shape, values.values())
      }
      writer.add(node.name, type, blobs)
    }
    let scheme = try expect(values, of: network, in: open(writer))
    #expect(scheme.name == "the network's own names")
  }

  @Test(arguments: CaffeModelWriter.Style.allCases)
  func fullyConnectedLayersOverOtherMapsAreRefused(_ style: CaffeModelWriter.Style) throws {
    let written = Self.plain(map: 3)
    let checkpoint = try write(written, Self.values(for: written), style)
    let text = errorText {
      _ = try MappedCheckpoint(Self.plain(map: .init(rows: 2, columns: 3)), in: checkpoint)
    }
    let expected = "fc6.weight is 5 × 36, the network needs 5 × 4 × 2 × 3"
    #expect(text.contains("of another shape: 1\n    \(expected)\n"), "\(text)")
  }
}
