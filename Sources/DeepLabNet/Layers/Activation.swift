import CKernels
import LatticeSupport

/// A function of each value by itself.
public enum Activation: Layer, Hashable {
  /// max(x, 0).
  case relu
  /// min(max(x, 0), 6).
  case relu6
  /// min(max(x + 3, 0), 6) / 6: Howard et al. (2019), arXiv 1905.02244, §5.2.
  case hardSigmoid
  /// x · hardSigmoid(x), of the same paper.
  case hardSwish

  /// What kind of layer it is.
  public var kind: String {
    switch self {
    case .relu: "ReLU"
    case .relu6: "ReLU6"
    case .hardSigmoid: "hard sigmoid"
    case .hardSwish: "hard swish"
    }
  }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// The input's shape.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape { only(inputs) }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let input = inputs[0]
    parallelism.forEachPiece(ofValues: input.shape.count) { range in
      apply(
        to: input.base + range.lowerBound, count: range.count, into: output.base + range.lowerBound)
    }
  }

  /// Applies the function to `count` values; may be in place.
  package func apply(
    to values: UnsafePointer<Float>, count: Int, into output: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .relu: ck_clamp(values, count, 0, .infinity, output)
    case .relu6: ck_clamp(values, count, 0, 6, output)
    case .hardSigmoid: ck_hard_sigmoid(values, count, output)
    case .hardSwish: ck_hard_swish(values, count, output)
    }
  }

  /// Computes the gradients; at a kink, the slope of the outer side counts. See `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let (input, result) = (inputs[0], Tensor(uninitialized: gradient.shape))
    parallelism.forEachPiece(ofValues: input.shape.count) { range in
      let start = range.lowerBound
      applyGradient(
        at: input.base + start, gradient.base + start, count: range.count,
        into: result.base + start)
    }
    return LayerGradients(inputs: [result])
  }

  private func applyGradient(
    at values: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, count: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .relu: ck_clamp_gradient(values, gradient, count, 0, .infinity, 1, output)
    case .relu6: ck_clamp_gradient(values, gradient, count, 0, 6, 1, output)
    case .hardSigmoid: ck_clamp_gradient(values, gradient, count, -3, 3, 1 / 6, output)
    case .hardSwish: ck_hard_swish_gradient(values, gradient, count, output)
    }
  }
}

extension Activation {
  /// The range that values are clamped to, where that is all the activation does.
  var range: ClosedRange<Float>? {
    switch self {
    case .relu: 0...Float.infinity
    case .relu6: 0...6
    case .hardSigmoid, .hardSwish: nil
    }
  }
}
