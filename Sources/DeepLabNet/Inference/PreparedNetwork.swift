import CKernels
import LatticeSupport

/// A network with its weights, ready to be run on images of any size: normalisations folded,
/// weights in the order in which they are read.
public struct PreparedNetwork: Sendable {
  /// The network as it was described.
  public let network: Network
  let fused: FusedNetwork
  let steps: [PreparedStep]

  /// - Parameters:
  ///   - network: what to compute.
  ///   - parameters: the values of all parameters that the network names.
  ///   - height: rows of the images to come; algorithms are chosen for this size.
  ///   - width: columns of the images to come.
  ///   - algorithm: one for all convolutions that it applies to; `nil` for each layer's fastest.
  /// - Throws: `InputError` where a parameter is missing or of another shape, or an image of this
  ///   size does not fit.
  /// - Complexity: O(parameters), and as much memory.
  public init(
    _ network: Network, parameters: any ParameterSource, height: Int, width: Int,
    algorithm: ConvolutionAlgorithm? = nil
  ) throws {
    self.network = network
    let fused = FusedNetwork(network)
    self.fused = fused
    let image = TensorShape(height: height, width: width, channels: network.inputChannels)
    let shapes = try fused.shapes(image)
    steps = try fused.steps.map { step in
      try PreparedStep(
        step, of: fused.graph, parameters: parameters,
        input: step.inputs.first?.shape(in: shapes, image) ?? image, algorithm: algorithm)
    }
    // Weights as they were read, and folded ones, leave holes that tensors do not fit into.
    ck_release_freed_memory()
  }

  /// The shapes of the outputs for an image of one size.
  ///
  /// - Throws: `InputError` naming the layer that such an image does not fit.
  public func outputShapes(height: Int, width: Int) throws -> [TensorShape] {
    let image = TensorShape(height: height, width: width, channels: network.inputChannels)
    let shapes = try fused.shapes(image)
    return fused.graph.outputs.map { $0.source.shape(in: shapes, image) }
  }

  /// A plan for images of one size.
  ///
  /// - Throws: `InputError` naming the layer that such an image does not fit, or saying that the
  ///   tensors do not fit into the memory.
  public func plan(height: Int, width: Int) throws -> InferencePlan {
    try InferencePlan(self, height: height, width: width)
  }
}

extension FusedNetwork {
  /// The shape of every node's output of the simplified graph.
  func shapes(_ image: TensorShape) throws -> [TensorShape] {
    var shapes: [TensorShape] = []
    for node in graph.nodes {
      shapes.append(try node.outputShape(for: node.inputs.map { $0.shape(in: shapes, image) }))
    }
    return shapes
  }
}
