import CKernels
import LatticeSupport

/// The sum of inputs of one shape: residual connections, and the branches of DeepLab v2's atrous
/// spatial pyramid pooling.
public struct Sum: Layer {
  /// The sum of any number of inputs.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "sum" }

  /// Nothing.
  public var backwardReads: BackwardReads { [] }

  /// The shape that all inputs have.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape { try common(inputs) }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    combine(inputs, into: output, parallelism: parallelism, ck_add)
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    LayerGradients(inputs: inputs.map { _ in gradient })
  }
}

/// The largest value of inputs of one shape, at every position and channel: how DeepLab v2 fuses
/// the scores of several scales.
public struct ElementwiseMax: Layer {
  /// The maximum of any number of inputs.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "maximum" }

  /// The shape that all inputs have.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape { try common(inputs) }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    combine(inputs, into: output, parallelism: parallelism, ck_max)
  }

  /// Computes the gradients, which go to the first of equals; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    // What no input before has taken is the last one's.
    let rest = gradient.copied()
    let taken = inputs.dropLast().map { input in
      let taken = Tensor(uninitialized: input.shape)
      parallelism.forEachPiece(ofValues: input.shape.count) { range in
        let start = range.lowerBound
        ck_take_maxima(
          input.base + start, output.base + start, range.count, rest.base + start,
          taken.base + start)
      }
      return taken
    }
    return LayerGradients(inputs: taken + [rest])
  }
}

/// Combines the first input with the second, the result with the third, and so on.
private func combine(
  _ inputs: [Tensor], into output: Tensor, parallelism: Parallelism,
  _ operation: (UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) ->
    Void
) {
  withoutActuallyEscaping(operation) { operation in
    parallelism.forEachPiece(ofValues: output.shape.count) { range in
      let result = output.base + range.lowerBound
      guard inputs.count > 1 else {
        result.update(from: inputs[0].base + range.lowerBound, count: range.count)
        return
      }
      operation(
        inputs[0].base + range.lowerBound, inputs[1].base + range.lowerBound, range.count, result)
      for input in inputs.dropFirst(2) {
        operation(result, input.base + range.lowerBound, range.count, result)
      }
    }
  }
}

/// Multiplies everything by a constant, such as FCN-8s's 0.01 and 0.0001 before its skip
/// connections.
public struct Scale: Layer {
  /// The constant.
  public let factor: Float

  /// Multiplication by `factor`.
  public init(by factor: Float) {
    self.factor = factor
  }

  /// What kind of layer it is.
  public var kind: String { "scale" }

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
      ck_scale(
        inputs[0].base + range.lowerBound, factor, range.count, output.base + range.lowerBound)
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let result = Tensor(uninitialized: gradient.shape)
    parallelism.forEachPiece(ofValues: result.shape.count) { range in
      ck_scale(
        gradient.base + range.lowerBound, factor, range.count, result.base + range.lowerBound)
    }
    return LayerGradients(inputs: [result])
  }
}
