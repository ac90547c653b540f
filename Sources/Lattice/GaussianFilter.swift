import LatticeSupport

/// One Gaussian over a fixed set of points, ready to sum values: K with Kᵢⱼ ≈ exp(−½‖fᵢ − fⱼ‖²).
///
/// Made by a `FilterBackend`, and a value: what one term or caller does with its copy does not show
/// in another, so a backend may keep its filters and give them out again. The self weight Kᵢᵢ is
/// part of the sum.
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

  /// Whether K = Kᵀ but for rounding; `true`, the default, where there is no transposed form of
  /// its own.
  var isSymmetric: Bool { get }

  /// The self weights Kᵢᵢ, N of them; 1 where the filter is exact.
  func selfWeights() -> [Float]

  /// The filter without the self weights, where it can leave them out of its sums; `nil`, the
  /// default, where they have to be taken out afterwards, which rounding remembers.
  func withoutSelf() -> (any GaussianFilter)?

  /// The filter as a product of sparse splat, blur and slice; `nil`, the default, where it is not
  /// one.
  var factored: (any FactoredFilter)? { get }

  /// Makes this value diag(scales)·K·diag(scales), where its weights can hold the factors.
  ///
  /// Copies keep their weights; where there are none, no memory is needed. Where the answer is
  /// `false`, as it is by default, the caller multiplies values and sums instead.
  ///
  /// - Parameter scales: N factors.
  /// - Parameter parallelism: the threads to use; results do not depend on it.
  /// - Returns: whether the factors are in the weights now; `false` leaves the filter as it was.
  mutating func scale(by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism) -> Bool

  /// The share of all pairs of points that is evaluated, 0…1; less than 1 where pairs are skipped
  /// because their weights are negligible. 1 is the default.
  var evaluatedShare: Double { get }

  /// Pairs are skipped where the Gaussian is below this; 0, the default, skips none.
  var threshold: Double { get }

  /// Bounds what the skipped pairs would have added: N bounds of |Σⱼ Δᵢⱼ·v[j]| for all values with
  /// |v[j]| ≤ `magnitudes[j]`, where Δ is the skipped part of the kernel. Zeros by default.
  ///
  /// - Parameter magnitudes: N bounds of the values, at least 0.
  func skippedMass(ofMagnitudes magnitudes: [Float]) -> [Double]

  /// What kept the filter, or a copy of it, from a sum that it was asked for, of which the output
  /// then holds zeros; `nil`, the default, for filters that cannot fail.
  ///
  /// Sums are taken in the middle of updates, where nothing can be thrown: whoever asks for them
  /// looks here afterwards.
  var failure: (any Error)? { get }
}

extension GaussianFilter {
  /// Exact filters and others with a symmetric K need no transposed form of their own.
  public func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output)
  }

  /// Symmetric.
  public var isSymmetric: Bool { true }

  /// exp(0) = 1, for every filter that evaluates the Gaussian itself.
  public func selfWeights() -> [Float] {
    [Float](repeating: 1, count: points)
  }

  /// Cannot leave them out.
  public func withoutSelf() -> (any GaussianFilter)? { nil }

  /// Not a factored filter.
  public var factored: (any FactoredFilter)? { nil }

  /// Cannot hold factors.
  public mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool { false }

  /// Cannot fail.
  public var failure: (any Error)? { nil }

  /// All pairs.
  public var evaluatedShare: Double { 1 }

  /// None is skipped.
  public var threshold: Double { 0 }

  /// Nothing is skipped.
  public func skippedMass(ofMagnitudes magnitudes: [Float]) -> [Double] {
    [Double](repeating: 0, count: points)
  }

  /// The sum of a field, in a field of its own.
  public func apply(to values: ChannelField) -> ChannelField {
    var output = ChannelField(points: values.points, channels: values.channels)
    apply(to: values, into: &output)
    return output
  }

  /// Stops the program where a field is not one of this filter's points, or the two differ.
  public func checkShapes(_ values: ChannelField, _ output: ChannelField) {
    precondition(
      values.points == points && output.points == points
        && values.channels == output.channels,
      "a filter of \(points) points got \(values.points) × \(values.channels) values "
        + "and an output of \(output.points) × \(output.channels)")
  }
}
