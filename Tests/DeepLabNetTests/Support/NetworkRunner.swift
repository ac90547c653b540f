import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// A way to compute a network's scores.
package enum ExecutionWay: String, Sendable, CaseIterable, CustomTestStringConvertible {
  /// Each layer by itself.
  case straight
  /// By a plan: fused layers, folded normalisations, shared memory.
  case planned

  package var testDescription: String { rawValue }
}

/// A network with its weights, to be run in one way on images of any size.
package struct NetworkRunner {
  private let network: Network
  private let parameters: any ParameterSource
  private let straight: StraightExecution?

  package init(
    _ network: Network, parameters: any ParameterSource, way: ExecutionWay
  ) throws {
    self.network = network
    self.parameters = parameters
    straight =
      way == .straight ? try StraightExecution(network, parameters: parameters) : nil
  }

  /// The network's first output.
  package func scores(of image: Tensor) throws -> Tensor {
    try #require(try outputs(of: image)[network.outputs[0].name])
  }

  /// All outputs by name.
  package func outputs(of image: Tensor) throws -> [String: Tensor] {
    if let straight { return try straight.run(image) }
    let (height, width) = (image.shape.height, image.shape.width)
    let prepared = try PreparedNetwork(
      network, parameters: parameters, height: height, width: width)
    let results = try prepared.plan(height: height, width: width).run(image)
    return Dictionary(uniqueKeysWithValues: zip(network.outputs.map(\.name), results))
  }
}
