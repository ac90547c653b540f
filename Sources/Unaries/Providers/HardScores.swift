import LatticeSupport

/// Infinite scores, which rule labels out: log 0 of a program, masks, scribbles.
///
/// Finite numbers stand for them inside, which can be blended when coarse scores are upsampled: a
/// point that depends on an infinite score at all has a number far beyond `threshold`. Where
/// several labels are ruled out by different neighbours, the nearest one's word counts most.
enum HardScores {
  /// What an infinite score becomes; with the sign of a score.
  static let magnitude = EnergyField.paddingEnergy
  /// No blend of an infinite score comes as near as this, weights of 2⁻²⁴ included; no finite one
  /// goes so far.
  static let threshold: Float = 1e20
  /// Finite scores beside infinite ones are held to it: e to this power is 0 or beyond anything.
  private static let largestFinite: Float = 1e18

  /// Puts finite numbers in the place of −∞ among logits and of +∞ among energies.
  ///
  /// - Parameters:
  ///   - values: in the order of `form`.
  ///   - first: the first number that is not finite.
  /// - Throws: `InputError` where a number is NaN or the other infinity, or rules out the last
  ///   label of a point.
  static func replaceInfinities(
    in values: inout [Float], from first: Int, _ form: ScoreShape, _ kind: ScoreKind
  ) throws {
    let infinity: Float? =
      switch kind {
      case .logits: -.infinity
      case .energies: .infinity
      case .probabilities: nil
      }
    var counts = [Int](repeating: 0, count: form.grid.count)
    for index in values.indices {
      let value = values[index]
      guard !value.isFinite else {
        values[index] = min(max(value, -largestFinite), largestFinite)
        continue
      }
      let (point, label) = form.place(of: index)
      guard value == infinity else {
        throw InputError(
          .data, "the score of label \(label) at \(form.grid.position(of: point)) is \(value)",
          remedy: remedy(kind))
      }
      counts[point] += 1
      guard counts[point] != form.labelCount else {
        throw InputError(
          .data,
          "the scores of all \(form.labelCount) labels at \(form.grid.position(of: point)) are "
            + "\(value), which rules out every label",
          remedy: "leave at least one label possible at every point")
      }
      values[index] = value < 0 ? -magnitude : magnitude
    }
  }

  private static func remedy(_ kind: ScoreKind) -> String {
    let exception =
      switch kind {
      case .logits: ", or -inf for labels that are ruled out"
      case .energies: ", or inf for labels that are ruled out"
      case .probabilities: ""
      }
    return "scores must be finite\(exception); mend the program that wrote them"
  }
}
