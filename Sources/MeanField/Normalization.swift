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
  func scales(from sums: [Float]) -> (input: [Float]?, output: [Float]?) {
    switch self {
    case .none: return (nil, nil)
    case .before: return (sums.map { 1 / ($0 + 1e-20) }, nil)
    case .after: return (nil, sums.map { 1 / ($0 + 1e-20) })
    case .symmetric:
      let roots = sums.map { 1 / ($0 + 1e-20).squareRoot() }
      return (roots, roots)
    }
  }
}
