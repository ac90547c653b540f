import LatticeSupport
import Unaries

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

extension CompatibilityKind {
  /// One factor per label.
  public static let diagonal = CompatibilityKind(
    name: "diagonal", summary: "one factor per label; negative ones smooth",
    settings: [
      .weight(isRequired: false), Setting("costs", .array, "L factors, added to the energies"),
    ], example: "gaussian:spatial=3,compatibility=diagonal,costs=mu.npy"
  ) { settings, context in
    DiagonalCompatibility(try costs(settings, context, rank: 1))
  }
}
