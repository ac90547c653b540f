import CKernels
import LatticeSupport

/// Mean and variance of each channel over all positions of a batch.
package struct BatchMoments: Sendable {
  let mean: [Double]
  /// Of the batch itself, Σ (x − mean)² / count.
  let variance: [Double]
  /// Positions.
  let count: Int

  /// - Parameter group: the processes whose shares make up the batch; `nil` where `input` is all.
  init(of input: Tensor, group: (any TrainingGroup)?, parallelism: Parallelism) {
    let channels = input.shape.channels
    // In float64, where the difference of the two sums keeps enough digits.
    let own = parallelism.sums(2 * channels, over: input.shape) { range, sums in
      ck_moments(
        input.base + range.lowerBound * channels, range.count, channels, sums, sums + channels)
    }
    let sums = group.sums(of: own + [Double(input.shape.positions)])
    let positions = Int(sums[2 * channels])
    let mean = sums.prefix(channels).map { $0 / Double(positions) }
    variance = (0..<channels).map {
      max(0, sums[channels + $0] / Double(positions) - mean[$0] * mean[$0])
    }
    self.mean = mean
    count = positions
  }

  /// Moves running statistics towards these: the mean, and the unbiased variance, as PyTorch has
  /// it.
  ///
  /// - Parameters:
  ///   - runningMean: values so far; changed in their memory.
  ///   - runningVariance: values so far; changed in their memory.
  ///   - share: how much of the new ones goes in, 0…1.
  package func update(
    _ runningMean: ParameterValues, _ runningVariance: ParameterValues, share: Double
  ) {
    let unbiased = Double(count) / Double(max(1, count - 1))
    func move(_ values: ParameterValues, _ channel: Int, to new: Double) {
      let old = Double(values.storage[channel])
      values.storage.base[channel] = Float(old + share * (new - old))
    }
    for channel in mean.indices {
      move(runningMean, channel, to: mean[channel])
      move(runningVariance, channel, to: variance[channel] * unbiased)
    }
  }
}
