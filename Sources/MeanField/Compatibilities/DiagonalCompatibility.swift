import LatticeSupport

/// One factor a label, added to the energies: negative ones smooth, as in pydensecrf.
public struct DiagonalCompatibility: LabelCompatibility {
  /// L factors.
  public let values: [Float]

  /// One factor a label.
  public init(_ values: [Float]) {
    self.values = values
  }

  /// The values themselves.
  public func factors(labelCount: Int) throws -> CompatibilityFactors {
    guard values.count == labelCount else {
      throw InputError(
        .data, "a diagonal compatibility of \(values.count) values for \(labelCount) labels")
    }
    return .perLabel(values)
  }
}

extension LabelCompatibility where Self == DiagonalCompatibility {
  /// One factor a label, added to the energies.
  public static func diagonal(_ values: [Float]) -> Self { Self(values) }
}
