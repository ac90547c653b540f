import CKernels
import LatticeSupport

/// Puts values back to where a `MaxPoolSwitches` found the maxima; everything else becomes 0.
///
/// Unpooling of Noh, Hong & Han (2015), doi:10.1109/ICCV.2015.178, §3.2. Inputs: the values, the
/// switches, and, for a size of `.ofLastInput`, the map that was pooled. Where windows overlap and
/// two values have the same switch, the last one in row order stays.
public struct MaxUnpool: Layer {
  /// The size of the map that was pooled.
  public let size: TargetSize

  /// Unpools to maps of the given size.
  public init(to size: TargetSize) {
    self.size = size
  }

  /// What kind of layer it is.
  public var kind: String { "max unpool" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// The values' channels on the larger map.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition(
      inputs.count >= 2, "\(kind): \(inputs.count) inputs instead of values and switches")
    let values = try common(Array(inputs.prefix(2)))
    let extent = try size.extent(for: values, last: inputs[inputs.count - 1])
    return values.with(height: extent.rows, width: extent.columns)
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let (values, switches) = (inputs[0], inputs[1])
    let (shape, pooled) = (output.shape, values.shape)
    parallelism.forEachPiece(ofValues: shape.count) { output.storage.clear($0) }
    parallelism.forEachImageAndChannels(of: shape) { image, channels in
      ck_max_unpool(
        values.row(image, 0), switches.row(image, 0), pooled.height * pooled.width,
        shape.channels, channels.lowerBound, channels.upperBound, shape.height * shape.width,
        output.row(image, 0))
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let (values, switches) = (inputs[0], inputs[1])
    let result = Tensor(uninitialized: values.shape)
    let rest = gradient.copied()
    let (shape, pooled) = (gradient.shape, values.shape)
    parallelism.forEachImageAndChannels(of: shape) { image, channels in
      ck_max_unpool_gradient(
        switches.row(image, 0), pooled.height * pooled.width, shape.channels,
        channels.lowerBound, channels.upperBound, shape.height * shape.width,
        rest.row(image, 0), result.row(image, 0))
    }
    return LayerGradients(inputs: [result] + inputs.dropFirst().map { _ in nil })
  }
}
