import CKernels
import Support

/// Normalises every channel by statistics gathered in training, then scales and shifts it:
/// scale · (x − mean) / √(variance + ε) + shift.
///
/// Ioffe & Szegedy (2015), arXiv 1502.03167, algorithm 2: inference.
public struct BatchNormalization: Layer {
  /// Channels that come in and go out.
  public let channels: Int
  /// ε, which keeps the division away from 0.
  public let epsilon: Float

  /// - Parameters:
  ///   - channels: channels that come in and go out.
  ///   - epsilon: ε; 1e-5 in most networks, 1e-3 in MobileNetV3 and Xception.
  public init(channels: Int, epsilon: Float = 1e-5) {
    precondition(channels >= 1, "\(channels) channels")
    self.channels = channels
    self.epsilon = epsilon
  }

  /// What kind of layer it is.
  public var kind: String { "batch normalization" }

  /// What `forward` takes beside its inputs, in this order.
  public var parameters: [ParameterSpecification] {
    [
      ParameterSpecification("weight", shape: [channels], role: .normalizationScale),
      ParameterSpecification("bias", shape: [channels], role: .normalizationShift),
      ParameterSpecification("running_mean", shape: [channels], role: .runningMean),
      ParameterSpecification("running_var", shape: [channels], role: .runningVariance),
    ]
  }

  /// The input's shape, which must have `channels` channels.
  public func outputShape(for inputs: [TensorShape]) throws -> TensorShape {
    let input = only(inputs)
    try check(input, has: channels)
    return input
  }

  /// The layer as one multiplication and one addition a channel: (scale, shift).
  ///
  /// - Parameter parameters: values for `self.parameters`, in that order.
  package func affine(_ parameters: [ParameterValues]) -> (scale: [Float], shift: [Float]) {
    let values = parameters.map(\.storage.base)
    var (scale, shift) = ([Float](), [Float]())
    for c in 0..<channels {
      // In float64: the difference of shift and scaled mean may cancel.
      let factor = Double(values[0][c]) / (Double(values[3][c]) + Double(epsilon)).squareRoot()
      scale.append(Float(factor))
      shift.append(Float(Double(values[1][c]) - Double(values[2][c]) * factor))
    }
    return (scale, shift)
  }

  /// Computes the output; see `Layer`.
  public func forward(
    _ inputs: [Tensor], parameters: [ParameterValues], into output: Tensor,
    parallelism: Parallelism
  ) {
    let (scale, shift) = affine(parameters)
    let input = inputs[0]
    parallelism.forEachPiece(of: input.shape) { positions in
      let offset = positions.lowerBound * channels
      ck_scale_shift(
        input.base + offset, positions.count, channels, scale, shift, output.base + offset)
    }
  }

  /// Computes the gradients for statistics that stay as they are; see `Layer`.
  public func backward(
    _ gradient: Tensor, inputs: [Tensor], output: Tensor, parameters: [ParameterValues],
    parallelism: Parallelism
  ) throws -> LayerGradients {
    let input = inputs[0]
    let result = Tensor(uninitialized: input.shape)
    let (scale, none) = (affine(parameters).scale, [Float](repeating: 0, count: channels))
    let mean = parameters[2].storage.base
    // For each channel Σ gradient · (x − mean), then for each Σ gradient.
    let sums = parallelism.sums(2 * channels, over: input.shape) { positions, sums in
      let offset = positions.lowerBound * channels
      ck_scale_shift(
        gradient.base + offset, positions.count, channels, scale, none, result.base + offset)
      ck_normalization_sums(
        input.base + offset, gradient.base + offset, positions.count, channels, mean, sums,
        sums + channels)
    }
    let variance = parameters[3].storage
    let ofScale = (0..<channels).map { channel in
      Float(sums[channel] / (Double(variance[channel]) + Double(epsilon)).squareRoot())
    }
    let ofShift = sums[channels...].map { Float($0) }
    return LayerGradients(
      inputs: [result],
      parameters: [
        ParameterValues(shape: [channels], values: ofScale),
        ParameterValues(shape: [channels], values: ofShift), nil, nil,
      ])
  }
}
