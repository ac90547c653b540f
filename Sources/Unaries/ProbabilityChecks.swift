import LatticeSupport

/// What numbers must satisfy to be taken for probabilities, and what to say where they do not.
///
/// The tolerances let float16 files pass (11 bits: 5e-4 per value, summed over some labels) and
/// stop logits, counts and percentages.
enum ProbabilityChecks {
  /// How far a value may lie outside [0, 1].
  static let valueTolerance: Float = 1e-3
  /// How far the sum over labels may lie from 1.
  static let sumTolerance: Double = 1e-2

  /// - Throws: `InputError` unless `minimum` lies in (0, 1).
  static func check(minimumProbability minimum: Float) throws {
    guard minimum > 0, minimum < 1 else {
      throw InputError(
        .usage, "the minimum probability is \(minimum), but must lie between 0 and 1",
        remedy: "1e-5 is usual")
    }
  }

  /// Checks the value of label l at point i in `values[i * pointStep + l * labelStep]`.
  ///
  /// - Throws: `InputError` naming the first point whose values are not a distribution.
  static func check(
    _ values: UnsafePointer<Float>, grid: GridShape, labels: Int, pointStep: Int, labelStep: Int
  ) throws {
    func remedy(at row: UnsafePointer<Float>) -> Remedy {
      Self.remedy(for: (0..<labels).map { row[$0 * labelStep] })
    }
    for point in 0..<grid.count {
      let row = values + point * pointStep
      var sum = 0.0
      for label in 0..<labels {
        let value = row[label * labelStep]
        // Written so that NaN fails.
        guard value >= -valueTolerance, value <= 1 + valueTolerance else {
          throw InputError(
            .data,
            "the probability of label \(label) at \(grid.position(of: point)) is \(value), "
              + "but must lie in 0…1", remedy: remedy(at: row))
        }
        sum += Double(value)
      }
      guard abs(sum - 1) <= sumTolerance else {
        throw InputError(
          .data,
          "the probabilities of the \(labels) labels at \(grid.position(of: point)) sum to "
            + "\(Float(sum)), but must sum to 1", remedy: remedy(at: row))
      }
    }
  }

  /// What numbers that are not a distribution over the labels may be.
  private static func remedy(for row: [Float]) -> Remedy {
    let logits: Remedy = "use \(set: .scoreKind(.logits)) if these are scores before the softmax"
    let normalizing: Remedy =
      "\(set: .normalizeScores) divides by their sum, and takes what is negative for 0"
    let sum = row.reduce(0, +)
    if row.contains(where: { !$0.isFinite }) { return "probabilities must be finite" }
    if row.allSatisfy({ $0 == 0 }) {
      return """
        if nothing is known at such points, as outside of a body, leave them out with \
        \(set: .chosen(.mask)); \(normalizing), and makes all labels as likely there
        """
    }
    if looksLikeBytes(row, sum: Double(sum)) {
      return "these look like probabilities in \(sum > 300 ? 16 : 8) bits: \(normalizing)"
    }
    // Beyond what rounding and interpolation do to probabilities.
    let margin: Float = 0.25
    if row.allSatisfy({ $0 >= -margin && $0 <= 1 + margin }) {
      return """
        if these are probabilities slightly outside, one sigmoid for each label, or class \
        activation maps, \(normalizing); \(logits)
        """
    }
    return row.allSatisfy { $0 >= 0 }
      ? "\(logits); if they are counts or per cent, \(normalizing)" : logits
  }

  /// Whether whole numbers of a point sum to 255 or 65535, but for rounding.
  static func looksLikeBytes(_ row: [Float], sum: Double) -> Bool {
    let isWhole = row.allSatisfy { $0 >= 0 && $0 == $0.rounded() }
    let tolerance = max(1, Double(row.count) / 2)
    return isWhole && [255, 65535].contains { abs(sum - $0) <= tolerance }
  }
}
