import CKernels
import Support

/// Scores to probabilities: eˢ / Σ eˢ over the channels of each position.
public struct Softmax: Layer {
  /// The softmax over channels.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "softmax" }

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
}
