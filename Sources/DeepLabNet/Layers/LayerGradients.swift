/// What a layer's backward pass finds: how a loss changes with what the layer was given.
///
/// A tensor here may share its memory with the gradient that the layer was handed, and with other
/// tensors here: it is to be read, or to be copied before it is added to.
public struct LayerGradients: Sendable {
  /// For each input its gradient; `nil` for an input of which only the size is used, or that holds
  /// positions.
  public let inputs: [Tensor?]
  /// For each parameter its gradient, of the parameter's shape; `nil` for one that gradients do not
  /// change.
  public let parameters: [ParameterValues?]

  /// - Parameters:
  ///   - inputs: as many as the layer has inputs.
  ///   - parameters: as many as the layer has parameters.
  public init(inputs: [Tensor?], parameters: [ParameterValues?] = []) {
    self.inputs = inputs
    self.parameters = parameters
  }
}
