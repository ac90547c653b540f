import LatticeSupport

/// One factor per label, added to the energies: negative ones smooth, as in pydensecrf.
public struct DiagonalCompatibility: LabelCompatibility {
  /// L factors.
  public let values: [Float]

  /// One factor per label.
  public init(_ values: [Float]) {
    self.values = values
  }

  /// The values themselves; one where all are equal.
  public func factors(labelCount: Int) throws -> CompatibilityFactors {
    guard values.count == labelCount else {
      throw InputError(
        .data, "a diagonal compatibility of \(values.count) values for \(labelCount) labels")
    }
    if let first = values.first, values.allSatisfy({ $0 == first }) { return .uniform(first) }
    return .perLabel(values)
  }
}

extension LabelCompatibility where Self == DiagonalCompatibility {
  /// One factor per label, added to the energies.
  public static func diagonal(_ values: [Float]) -> Self { Self(values) }
}
