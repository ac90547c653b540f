import CKernels
import LatticeSupport

/// A part of a map: `size` rows and columns from an offset on, as Caffe's `Crop` layer takes it.
///
/// Inputs: the map and, for a size of `.ofLastInput`, something of the size wanted.
public struct Crop: Layer {
  /// Rows and columns left out at the top and the left.
  public let offset: ConvolutionGeometry.Extent
  /// Rows and columns that stay.
  public let size: TargetSize

  /// The part of the given size that begins at `offset`.
  public init(from offset: ConvolutionGeometry.Extent, to size: TargetSize) {
    precondition(offset.rows >= 0 && offset.columns >= 0, "a crop from \(offset) on")
    self.offset = offset
    self.size = size
  }

  /// What kind of layer it is.
  public var kind: String { "crop" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// The size asked for, which must lie within the input.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition((1...2).contains(inputs.count), "\(kind): \(inputs.count) inputs")
    let input = inputs[0]
    let extent = try size.extent(for: input, last: inputs[inputs.count - 1])
    guard
      offset.rows + extent.rows <= input.height, offset.columns + extent.columns <= input.width
    else {
      throw InputError(
        .data,
        "takes \(extent.rows) × \(extent.columns) from (\(offset.rows), \(offset.columns)) on, but "
          + "its input has only \(input.height) × \(input.width)")
    }
    return input.with(height: extent.rows, width: extent.columns)
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let channels = output.shape.channels
    parallelism.forEachRow(of: output.shape) { image, row in
      let from = inputs[0].row(image, row + offset.rows) + offset.columns * channels
      output.row(image, row).update(from: from, count: output.shape.width * channels)
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let result = Tensor(zeros: inputs[0].shape)
    let channels = gradient.shape.channels
    parallelism.forEachRow(of: gradient.shape) { image, row in
      let to = result.row(image, row + offset.rows) + offset.columns * channels
      to.update(from: gradient.row(image, row), count: gradient.shape.width * channels)
    }
    return LayerGradients(inputs: [result] + inputs.dropFirst().map { _ in nil })
  }
}
