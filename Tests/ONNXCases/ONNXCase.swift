import DeepLabNet
import LatticeSupport

/// A small network around a kind of layer, and the size of its input.
struct ONNXCase {
  let name: String
  let network: Network
  let height: Int
  let width: Int

  /// - Parameter build: adds layers to the builder and returns the last one's output.
  init(
    _ name: String, channels: Int = 4, height: Int = 9, width: Int = 12,
    build: (inout NetworkBuilder) -> Network.Source
  ) {
    self.name = name
    var builder = NetworkBuilder(inputChannels: channels)
    let source = build(&builder)
    network = builder.network(outputs: [("scores", source)])
    (self.height, self.width) = (height, width)
  }

  /// A network of one layer.
  init(_ name: String, _ layer: some Layer, height: Int = 9, width: Int = 12) {
    self.init(name, height: height, width: width) { $0.add(layer, to: .image, named: "layer") }
  }

  /// Writes the model, once for the size and once for all sizes, and what the network makes of
  /// noise.
  func write(to folder: String) throws {
    let parameters = RandomParameters(network)
    var generator = SeededGenerator(seed: 3)
    let shape = TensorShape(height: height, width: width, channels: network.inputChannels)
    // Tenths: equal values, of which switches take the first, are common.
    let input = Tensor(
      shape, values: (0..<shape.count).map { _ in (30 * generator.normal()).rounded() / 10 })
    let sizes: [(String, ONNXExport.InputSize)] = [
      ("fixed", .fixed(height: height, width: width)),
      ("dynamic", .dynamic(exampleHeight: height, exampleWidth: width)),
    ]
    for (word, size) in sizes {
      let path = "\(folder)/\(name)-\(word).onnx"
      try ONNXExport.write(network, parameters: parameters, to: path, size: size)
      try ONNXExport.writeExample(of: network, parameters: parameters, input: input, beside: path)
    }
  }
}

/// Values that let no two parameters be exchanged unnoticed; variances are positive.
struct RandomParameters: ParameterSource {
  private let specifications: [String: ParameterSpecification]

  init(_ network: Network) {
    specifications = Dictionary(
      network.parameters.map { ($0.name, $0.specification) }, uniquingKeysWith: { $1 })
  }

  func values(of name: String) throws -> ParameterValues {
    guard let specification = specifications[name] else {
      throw InputError(.data, "the network has no parameter called \(name)")
    }
    var generator = SeededGenerator(seed: name.utf8.reduce(7) { 31 &* $0 &+ UInt64($1) })
    let least: Float = specification.role == .runningVariance ? 0.1 : -1
    return ParameterValues(
      shape: specification.shape,
      values: (0..<specification.count).map { _ in least + 2 * generator.uniform() })
  }
}
