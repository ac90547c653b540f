import CKernels
import LatticeSupport

/// A batch normalisation in training: by the statistics of the batch, or by frozen ones.
///
/// Ioffe & Szegedy (2015), arXiv:1502.03167, algorithm 1 and the gradients of §3.
struct TrainedNormalization {
  private let layer: BatchNormalization
  private let parameters: [ParameterValues]
  private let statistics: ChannelStatistics
  /// Positions that the statistics were taken from; `nil` where they are frozen.
  private let count: Int?
  /// The processes whose shares make up the batch; `nil` where there is one.
  private let group: (any TrainingGroup)?

  /// - Parameters:
  ///   - layer: the layer.
  ///   - parameters: the layer's.
  ///   - moments: the batch's statistics; `nil` for the running ones.
  ///   - group: the processes whose shares make up the batch; `nil` where there is one.
  init(
    _ layer: BatchNormalization, parameters: [ParameterValues], moments: BatchMoments?,
    group: (any TrainingGroup)? = nil
  ) {
    self.layer = layer
    self.group = group
    self.parameters = parameters
    count = moments?.count
    statistics =
      moments.map { moments in
        ChannelStatistics(
          mean: moments.mean, variance: moments.variance, epsilon: Double(layer.epsilon))
      } ?? layer.statistics(parameters)
  }

  /// scale · (x − mean) · precision + shift, plus a residual, clamped.
  func output(
    for input: Tensor, adding residual: Tensor?, range: ClosedRange<Float>?,
    parallelism: Parallelism
  ) -> Tensor {
    let output = Tensor(uninitialized: input.shape)
    let (scale, shift) = statistics.affine(parameters)
    let channels = layer.channels
    let range = range ?? -Float.infinity...Float.infinity
    parallelism.forEachPiece(of: input.shape) { positions in
      let offset = positions.lowerBound * channels
      ck_normalize(
        input.base + offset, positions.count, channels, scale, shift,
        residual.map { $0.base + offset }, range.lowerBound, range.upperBound, output.base + offset)
    }
    return output
  }

  /// What the loss changes by with the input and with the parameters; `input` may be missing where
  /// the statistics are frozen and nothing is learned.
  ///
  /// - Parameter gradient: how the loss changes with the output; the result takes its memory where
  ///   nothing else holds it.
  func gradients(
    _ gradient: inout Tensor, input: Tensor?, parallelism: Parallelism
  ) -> (input: Tensor, parameters: [ParameterValues?]) {
    let (channels, shape) = (layer.channels, gradient.shape)
    let result = gradient.isUnique() ? gradient : Tensor(uninitialized: shape)
    let source = gradient
    let slope = statistics.affine(parameters).scale
    let precision = statistics.precision
    let none = [Float](repeating: 0, count: channels)
    let center = statistics.mean.map { Float($0) }
    guard let input else {
      parallelism.forEachPiece(of: shape) { positions in
        let offset = positions.lowerBound * channels
        ck_scale_shift(
          source.base + offset, positions.count, channels, slope, none, result.base + offset)
      }
      return (result, parameters.map { _ in nil })
    }
    // For each channel Σ gradient · (x − mean), then for each Σ gradient.
    let sums = parallelism.sums(2 * channels, over: shape) { positions, sums in
      let offset = positions.lowerBound * channels
      ck_normalization_sums(
        input.base + offset, source.base + offset, positions.count, channels, center, sums,
        sums + channels)
    }
    let ofScale = (0..<channels).map { sums[$0] * precision[$0] }
    let ofShift = Array(sums[channels...])
    // Through the batch's own mean and variance, which come from the shares of all processes.
    let share = count.map { 1 / Double($0) } ?? 0
    let all = count == nil ? sums : group.sums(of: sums)
    let pull = (0..<channels).map {
      Float(-Double(slope[$0]) * precision[$0] * (all[$0] * precision[$0]) * share)
    }
    let offsets = (0..<channels).map { Float(-Double(slope[$0]) * all[channels + $0] * share) }
    parallelism.forEachPiece(of: shape) { positions in
      let offset = positions.lowerBound * channels
      ck_normalize_gradient(
        source.base + offset, input.base + offset, positions.count, channels, slope, center, pull,
        offsets, result.base + offset)
    }
    let learned: [ParameterValues?] = [
      ParameterValues(shape: [channels], values: ofScale.map { Float($0) }),
      ParameterValues(shape: [channels], values: ofShift.map { Float($0) }),
    ]
    return (result, learned + (layer.hasStatistics ? [nil, nil] : []))
  }
}
