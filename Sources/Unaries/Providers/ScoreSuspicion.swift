import LatticeSupport

/// What scores that are taken for logits look like, where that is something else.
package enum ScoreSuspicion: Sendable, Equatable {
  /// All in 0…1, summing to 1.
  case probabilities
  /// Whole numbers that sum to 255 or 65535.
  case bytes
  /// None negative, with exp(−θ) summing to 1.
  case energies

  /// Lines that are looked at, evenly spaced: no logits are like this by chance on a single one.
  private static let lines = 8

  /// Looks at some lines of the scores, not at all of them; `nil` where they may well be logits.
  ///
  /// - Throws: `InputError` where they cannot be read.
  package init?(logits boxes: any BoxSource, form: ScoreShape) throws {
    var suspicions: Set<ScoreSuspicion> = [.probabilities, .bytes, .energies]
    let lineCount = form.grid.count / form.grid.width
    let looks = min(Self.lines, lineCount)
    for look in 0..<looks where !suspicions.isEmpty {
      let start = form.grid.coordinates(of: look * lineCount / looks * form.grid.width)
      let grid = zip(start, form.grid.extents).enumerated().map { axis, place in
        axis == form.grid.rank - 1 ? 0..<place.1 : place.0..<place.0 + 1
      }
      let labels = 0..<form.labelCount
      let part = try boxes.read(form.layout == .channelsFirst ? [labels] + grid : grid + [labels])
      for point in 0..<form.grid.width where !suspicions.isEmpty {
        let row = labels.map { label in
          form.layout == .channelsFirst
            ? part.values[label * form.grid.width + point]
            : part.values[point * form.labelCount + label]
        }
        suspicions.formIntersection(Self.possible(for: row))
      }
    }
    guard let first = [Self.probabilities, .bytes, .energies].first(where: suspicions.contains)
    else { return nil }
    self = first
  }

  private static func possible(for row: [Float]) -> Set<ScoreSuspicion> {
    var possible: Set<ScoreSuspicion> = []
    guard row.allSatisfy({ $0.isFinite && $0 >= -ProbabilityChecks.valueTolerance }) else {
      return []
    }
    let sum = row.reduce(0.0) { $0 + Double($1) }
    let tolerance = ProbabilityChecks.sumTolerance
    if abs(sum - 1) <= tolerance { possible.insert(.probabilities) }
    if ProbabilityChecks.looksLikeBytes(row, sum: sum) { possible.insert(.bytes) }
    let likelihood = row.reduce(0.0) { $0 + exponential(-Double($1)) }
    if abs(likelihood - 1) <= tolerance { possible.insert(.energies) }
    return possible
  }

  /// Warns of it.
  ///
  /// - Parameter place: the file.
  package func report(at place: String) {
    let (look, kind): (String, Remedy) =
      switch self {
      case .probabilities:
        ("lie in 0…1 and sum to 1, as probabilities do", "\(set: .scoreKind(.probabilities))")
      case .bytes:
        (
          "sum to 255 or 65535, as probabilities in whole numbers do",
          "\(set: .scoreKind(.probabilities), .normalizeScores)"
        )
      case .energies:
        ("look like energies, −log of probabilities", "\(set: .scoreKind(.energies))")
      }
    InputWarning(
      at: place, "the scores of each point \(look), but are taken for logits",
      remedy: "add \(kind), or \(set: .scoreKind(.logits)) if they are logits all the same"
    ).report()
  }
}
