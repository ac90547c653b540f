import LatticeSupport

/// A layer whose forward pass finds more than its output that the way back needs: what it has noted
/// saves it most of a second forward pass.
public protocol RecordedLayer: Layer {
  /// Computes the output as `forward` does.
  ///
  /// - Returns: what `backward` takes.
  func recordedForward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) -> any Sendable

  /// The gradients, from what was noted.
  func backward(
    _ gradient: Tensor, parameters: [ParameterValues], record: any Sendable,
    parallelism: Parallelism
  ) -> LayerGradients
}

extension RecordedLayer {
  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    _ = recordedForward(inputs, parameters: parameters, into: output, parallelism: parallelism)
  }

  /// Computes the gradients, with a forward pass of its own; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let again = Tensor(uninitialized: gradient.shape)
    let record = recordedForward(
      inputs, parameters: parameters, into: again, parallelism: parallelism)
    return backward(gradient, parameters: parameters, record: record, parallelism: parallelism)
  }
}
