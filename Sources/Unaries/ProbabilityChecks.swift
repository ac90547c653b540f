import Support

/// What numbers must satisfy to be taken for probabilities, and what to say where they do not.
///
/// The tolerances let float16 files pass (11 bits: 5e-4 a value, summed over some labels) and stop
/// logits, counts and percentages.
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
  /// - Throws: `InputError` naming the first point whose values are no distribution.
  static func check(
    _ values: UnsafePointer<Float>, grid: GridShape, labels: Int, pointStep: Int, labelStep: Int
  ) throws {
    let remedy = "use --unary-kind logits if these are scores before the softmax"
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
              + "but must lie in 0…1", remedy: remedy)
        }
        sum += Double(value)
      }
      guard abs(sum - 1) <= sumTolerance else {
        throw InputError(
          .data,
          "the probabilities of the \(labels) labels at \(grid.position(of: point)) sum to "
            + "\(Float(sum)), but must sum to 1", remedy: remedy)
      }
    }
  }
}
