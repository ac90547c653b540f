import LatticeSupport

extension Network.Node {
  /// The layer's output shape; errors name the node.
  func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    do {
      return try layer.outputShape(for: inputs)
    } catch let error as InputError {
      throw error.at("layer \(name)")
    }
  }
}
