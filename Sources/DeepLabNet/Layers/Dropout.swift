import LatticeSupport

/// Sets a share of all values to 0 in training; at inference it passes everything on.
///
/// Srivastava et al. (2014), JMLR 15:1929, in the form that scales in training, not at inference.
public struct Dropout: Layer {
  /// The share of values that training sets to 0: 0 ≤ rate < 1.
  public let rate: Float

  /// - Parameter rate: 0 ≤ rate < 1.
  public init(rate: Float = 0.5) {
    precondition((0..<1).contains(rate), "a dropout rate of \(rate)")
    self.rate = rate
  }

  /// What kind of layer it is.
  public var kind: String { "dropout" }

  /// Nothing.
  public var backwardReads: BackwardReads { [] }

  /// The input's shape.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape { only(inputs) }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    parallelism.forEachPiece(ofValues: output.shape.count) { range in
      (output.base + range.lowerBound)
        .update(from: inputs[0].base + range.lowerBound, count: range.count)
    }
  }

  /// Passes the gradient on, as inference passes everything on; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    LayerGradients(inputs: [gradient])
  }
}
