import CKernels
import LatticeSupport

/// Multiplies every channel of a map by a number of the image's own: the second half of a
/// squeeze-and-excite.
///
/// Hu et al. (2018), doi:10.1109/CVPR.2018.00745, eq. 4. Inputs: the map, and the factors, 1 × 1 ×
/// channels.
public struct ChannelScale: Layer {
  /// The product of a map and factors for its channels.
  public init() {}

  /// What kind of layer it is.
  public var kind: String { "channel scale" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// The map's shape; the factors must be one for each of its channels.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    precondition(inputs.count == 2, "\(kind): \(inputs.count) inputs instead of two")
    guard inputs[1] == inputs[0].with(height: 1, width: 1) else {
      throw InputError(
        .data,
        "takes a map and a factor for each channel, but they are \(inputs[0]) and \(inputs[1])")
    }
    return inputs[0]
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    multiply(inputs[0], by: inputs[1], into: output, parallelism: parallelism)
  }

  private func multiply(
    _ map: Tensor, by factors: Tensor, into output: Tensor, parallelism: Parallelism
  ) {
    let shape = map.shape
    let none = [Float](repeating: 0, count: shape.channels)
    parallelism.forEachRow(of: shape) { image, row in
      ck_scale_shift(
        map.row(image, row), shape.width, shape.channels, factors.row(image, 0), none,
        output.row(image, row))
    }
  }

  /// Computes the gradients; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let (map, factors) = (inputs[0], inputs[1])
    let ofMap = Tensor(uninitialized: map.shape)
    multiply(gradient, by: factors, into: ofMap, parallelism: parallelism)
    let ofFactors = Tensor(zeros: factors.shape)
    let (channels, positions) = (map.shape.channels, map.shape.height * map.shape.width)
    parallelism.forEachImageAndChannels(of: map.shape) { image, range in
      let (values, slopes) = (map.row(image, 0), gradient.row(image, 0))
      for channel in range {
        // In float64: a map has many positions.
        var sum = 0.0
        for index in stride(from: channel, to: positions * channels, by: channels) {
          sum += Double(values[index]) * Double(slopes[index])
        }
        ofFactors.row(image, 0)[channel] = Float(sum)
      }
    }
    return LayerGradients(inputs: [ofMap, ofFactors])
  }
}
