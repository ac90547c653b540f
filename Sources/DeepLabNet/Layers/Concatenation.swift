import CKernels
import LatticeSupport

/// The channels of the first input, then those of the second, and so on.
public struct Concatenation: Layer {
  /// The concatenation of any number of inputs of one height and width.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "concatenation" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// All inputs' channels; they must have one height and width.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    try sameGrid(inputs).with(channels: inputs.map(\.channels).reduce(0, +))
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let channels = output.shape.channels
    parallelism.forEachPiece(of: output.shape) { positions in
      var first = 0
      for input in inputs {
        let width = input.shape.channels
        ck_copy_rows(
          input.base + positions.lowerBound * width, width, positions.count, width,
          output.base + positions.lowerBound * channels + first, channels)
        first += width
      }
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let channels = gradient.shape.channels
    var first = 0
    let parts = inputs.map { input in
      let part = Tensor(uninitialized: input.shape)
      let (width, offset) = (input.shape.channels, first)
      parallelism.forEachPiece(of: gradient.shape) { positions in
        ck_copy_rows(
          gradient.base + positions.lowerBound * channels + offset, channels, positions.count,
          width, part.base + positions.lowerBound * width, width)
      }
      first += width
      return part
    }
    return LayerGradients(inputs: parts)
  }
}
