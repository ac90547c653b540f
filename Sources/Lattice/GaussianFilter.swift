import LatticeSupport

/// One Gaussian over a fixed set of points, ready to sum values: K with Kᵢⱼ ≈ exp(−½‖fᵢ − fⱼ‖²).
///
/// Made by a `FilterBackend`. The self weight Kᵢᵢ is part of the sum.
public protocol GaussianFilter: Sendable {
  /// N, the number of points that the filter was made for.
  var points: Int { get }

  /// Sums `values` over all points, weighted by the Gaussian.
  ///
  /// - Parameters:
  ///   - values: N × C, channels-last.
  ///   - output: N × C, overwritten; row i becomes Σⱼ Kᵢⱼ values[j].
  func apply(to values: ChannelField, into output: inout ChannelField)

  /// Sums `values` with the transposed weights: row i becomes Σⱼ Kⱼᵢ values[j].
  ///
  /// An approximate filter need not be symmetric; gradients need this one.
  func applyTransposed(to values: ChannelField, into output: inout ChannelField)

  /// The self weights Kᵢᵢ, N of them; 1 where the filter is exact.
  func selfWeights() -> [Float]
}

extension GaussianFilter {
  /// Exact filters and others with a symmetric K need no transposed form of their own.
  public func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output)
  }

  /// exp(0) = 1, for every filter that evaluates the Gaussian itself.
  public func selfWeights() -> [Float] {
    [Float](repeating: 1, count: points)
  }

  /// The sum of a field, in a field of its own.
  public func apply(to values: ChannelField) -> ChannelField {
    var output = ChannelField(points: values.points, channels: values.channels)
    apply(to: values, into: &output)
    return output
  }

  package func checkShapes(_ values: ChannelField, _ output: ChannelField) {
    precondition(
      values.points == points && output.points == points
        && values.channels == output.channels,
      "a filter of \(points) points got \(values.points) × \(values.channels) values "
        + "and an output of \(output.points) × \(output.channels)")
  }
}
