// Building filters is a good part of the work where many settings are tried on one image; these share
// what is built.
extension DenseCRF {
  /// This CRF with the terms of `other` after its own; all filters are shared.
  ///
  /// - Parameter other: over the same scene, with any energies: this CRF's are kept.
  /// - Complexity: O(1).
  public func joined(with other: DenseCRF) -> DenseCRF {
    precondition(
      other.unary.grid == unary.grid && other.labelCount == labelCount,
      "a CRF of \(labelCount) labels over \(unary.grid) cannot take terms of one of "
        + "\(other.labelCount) labels over \(other.unary.grid)")
    return DenseCRF(unary: unary, terms: terms + other.terms, parallelism: parallelism)
  }

  /// This CRF with Potts compatibilities of other weights in place of its terms' own; all filters are
  /// shared.
  ///
  /// - Parameter weights: one a term, in their order.
  /// - Complexity: O(L).
  public func reweighted(_ weights: [Float]) -> DenseCRF {
    precondition(
      weights.count == terms.count, "\(weights.count) weights for \(terms.count) terms")
    return DenseCRF(
      unary: unary,
      terms: zip(terms, weights).map { $0.weighted($1, labelCount: labelCount) },
      parallelism: parallelism)
  }
}
