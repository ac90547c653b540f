import LatticeSupport

/// Everything that was counted in an evaluation, as whole numbers: what reports carry so that those
/// of several jobs can be added up exactly.
public struct EvaluationTally: Codable, Sendable, Hashable {
  /// L × L counts, as `ConfusionMatrix.counts`.
  private var before: [Int64]
  /// Absent where nothing was refined.
  private var after: [Int64]?
  private var void: UInt16
  private var voidPixels: Int64
  /// Of bands around true boundaries; absent where those were not looked at.
  private var widths: [Int]?
  private var followsVoid: Bool?
  /// L × L counts of the points in each band but not in the one before.
  private var ringsBefore: [[Int64]]?
  private var ringsAfter: [[Int64]]?

  /// Of what was counted.
  public init(_ counts: EvaluationCounts) {
    before = counts.before.counts
    after = counts.after?.counts
    void = counts.void
    voidPixels = counts.voidPixels
    widths = counts.bandsBefore?.widths
    followsVoid = counts.bandsBefore.map { $0.boundary == .voidLabel }
    ringsBefore = counts.bandsBefore?.rings.map(\.counts)
    ringsAfter = counts.bandsAfter?.rings.map(\.counts)
  }

  /// What was counted.
  ///
  /// - Throws: `InputError` where the numbers cannot be such counts.
  public func counts() throws -> EvaluationCounts {
    let matrix = try ConfusionMatrix(counts: before)
    var counts = try EvaluationCounts(
      labelCount: matrix.labelCount, ignoring: void, isRefined: after != nil,
      widths: widths ?? [], boundary: followsVoid == true ? .voidLabel : .labelChanges)
    try counts.restore(
      before: matrix, after: after.map { try ConfusionMatrix(counts: $0) }, voidPixels: voidPixels,
      ringsBefore: Self.matrices(ringsBefore), ringsAfter: Self.matrices(ringsAfter))
    return counts
  }

  private static func matrices(_ rings: [[Int64]]?) throws -> [ConfusionMatrix] {
    try (rings ?? []).map { try ConfusionMatrix(counts: $0) }
  }
}
