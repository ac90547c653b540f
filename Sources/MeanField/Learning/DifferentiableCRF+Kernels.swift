// The terms' kernels by themselves: what losses and filters are made of that are no CRFs.
extension DifferentiableCRF {
  /// This CRF with the terms of `other` after its own; all filters are shared.
  ///
  /// - Parameter other: of as many points and labels.
  /// - Complexity: O(1).
  public func joined(with other: DifferentiableCRF) -> DifferentiableCRF {
    precondition(
      other.points == points && other.labelCount == labelCount,
      "a CRF of \(points) × \(labelCount) cannot take terms of one of \(other.points) × "
        + "\(other.labelCount)")
    return DifferentiableCRF(self, followedBy: other)
  }

  /// K'·values of one term, or K'ᵀ·values.
  ///
  /// - Parameters:
  ///   - values: N × C, for any C.
  ///   - term: the term's place.
  ///   - transposed: whether K' is.
  /// - Complexity: C filtered channels.
  public func filtered(_ values: Field, by term: Int, transposed: Bool = false) -> Field {
    var sums = Field(points: values.points, channels: values.channels)
    let values = arithmetic.settled(values, asEnergies: false)
    if transposed {
      kernels[term].applyTransposed(to: values, into: &sums)
    } else {
      kernels[term].apply(to: values, into: &sums)
    }
    return sums
  }

  /// The gradient of Σ ⟨aᵢ, (K'q)ᵢ⟩ by what the features of a term are made of.
  ///
  /// The one by q is K'ᵀ·a.
  ///
  /// - Parameters:
  ///   - a: N × C, for any C.
  ///   - q: of the same shape.
  ///   - term: the term's place.
  /// - Complexity: that of the arithmetic's feature gradient for one update.
  public func featureGradient(of a: Field, filtering q: Field, by term: Int)
    -> CRFGradient<
      Field
    >.Term
  {
    let a = arithmetic.settled(a, asEnergies: false)
    let q = arithmetic.settled(q, asEnergies: false)
    var gradient = kernels[term].featureGradient()
    gradient.add(a, q, transposed: filtered(a, by: term, transposed: true))
    let total = gradient.total()
    let chain = terms[term].features.chain(total, ignoresShifts: gradient.ignoresShifts)
    return CRFGradient<Field>.Term(
      features: total, bandwidths: chain.bandwidths, transform: chain.transform,
      rawFeatures: chain.raw)
  }
}
