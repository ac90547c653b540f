import CKernels
import LatticeSupport

/// Normalises every channel by statistics gathered in training, then scales and shifts it:
/// scale · (x − mean) / √(variance + ε) + shift.
///
/// Ioffe & Szegedy (2015), arXiv 1502.03167, algorithm 2: inference.
public struct BatchNormalization: Layer {
  /// Channels that come in and go out.
  public let channels: Int
  /// ε, which keeps the division away from 0.
  public let epsilon: Float
  /// Whether the statistics are parameters; otherwise they are already part of the scale and the
  /// shift, as in the model that Noh et al. (2015) released, and the layer is scale · x + shift.
  public let hasStatistics: Bool

  /// - Parameters:
  ///   - channels: channels that come in and go out.
  ///   - epsilon: ε; 1e-5 in most networks, 1e-3 in MobileNetV3 and Xception.
  ///   - hasStatistics: whether the statistics are parameters.
  public init(channels: Int, epsilon: Float = 1e-5, hasStatistics: Bool = true) {
    precondition(channels >= 1, "\(channels) channels")
    self.channels = channels
    self.epsilon = epsilon
    self.hasStatistics = hasStatistics
  }

  /// What kind of layer it is.
  public var kind: String { "batch normalization" }

  /// Its inputs.
  public var backwardReads: BackwardReads { .inputs }

  /// What `forward` takes beside its inputs, in this order.
  public var parameters: [ParameterSpecification] {
    let affine = [
      ParameterSpecification("weight", shape: [channels], role: .normalizationScale),
      ParameterSpecification("bias", shape: [channels], role: .normalizationShift),
    ]
    let statistics = [
      ParameterSpecification("running_mean", shape: [channels], role: .runningMean),
      ParameterSpecification("running_var", shape: [channels], role: .runningVariance),
    ]
    return hasStatistics ? affine + statistics : affine
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
    statistics(parameters).affine(parameters)
  }

  /// The statistics among the parameters; where scale and shift account for them, those that
  /// change nothing.
  func statistics(_ parameters: [ParameterValues]) -> ChannelStatistics {
    guard hasStatistics else { return ChannelStatistics(ofChannels: channels) }
    return ChannelStatistics(
      mean: parameters[2].values().map { Double($0) },
      variance: parameters[3].values().map { Double($0) }, epsilon: Double(epsilon))
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
    var slope = gradient
    let found = TrainedNormalization(self, parameters: parameters, moments: nil)
      .gradients(&slope, input: inputs[0], parallelism: parallelism)
    return LayerGradients(inputs: [found.input], parameters: found.parameters)
  }
}
