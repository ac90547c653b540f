import CKernels
import LatticeSupport

/// Scores to probabilities: eˢ / Σ eˢ over the channels of each position.
public struct Softmax: Layer {
  /// The softmax over channels.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "softmax" }

  /// Its output.
  public var backwardReads: BackwardReads { .output }

  /// The input's shape.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape { only(inputs) }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let shape = output.shape
    parallelism.forEachPiece(of: shape) { positions in
      let offset = positions.lowerBound * shape.channels
      ck_softmax(inputs[0].base + offset, positions.count, shape.channels, output.base + offset)
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let result = Tensor(uninitialized: gradient.shape)
    let channels = gradient.shape.channels
    parallelism.forEachPiece(of: gradient.shape) { positions in
      let offset = positions.lowerBound * channels
      ck_softmax_gradient(
        output.base + offset, gradient.base + offset, positions.count, channels,
        result.base + offset)
    }
    return LayerGradients(inputs: [result])
  }
}
