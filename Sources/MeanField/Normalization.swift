import LatticeSupport

/// How a kernel's sums are normalised, with n = K·1 through the same filter.
///
/// Ladický's and Krähenbühl's programs add 1e-20 to n first; so does this one.
public enum Normalization: String, Sendable, CaseIterable {
  /// K itself.
  case none
  /// K(i,j)/nⱼ: values are divided before they are summed.
  case before
  /// K(i,j)/nᵢ: sums are divided afterwards, a weighted mean.
  case after
  /// K(i,j)/√(nᵢnⱼ): the default, and the only one besides `none` that keeps K symmetric.
  case symmetric

  /// The factors for values and for sums; `nil` stands for 1.
  func scales(
    from sums: AlignedBuffer<Float>, parallelism: Parallelism
  ) -> (input: AlignedBuffer<Float>?, output: AlignedBuffer<Float>?) {
    guard self != .none else { return (nil, nil) }
    let scales = AlignedBuffer<Float>(uninitialized: sums.count)
    parallelism.forEachChunk(of: sums.count, grain: PairwiseMessages.grain) { points in
      if self == .symmetric {
        for point in points { scales.base[point] = 1 / (sums.base[point] + 1e-20).squareRoot() }
      } else {
        for point in points { scales.base[point] = 1 / (sums.base[point] + 1e-20) }
      }
    }
    return (self == .after ? nil : scales, self == .before ? nil : scales)
  }
}
