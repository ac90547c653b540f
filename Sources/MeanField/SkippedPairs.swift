/// What it can change that a CRF's filters skip pairs of points with negligible weights.
public struct SkippedPairs: Sendable, Equatable {
  /// Pairs are skipped where the Gaussian is below this.
  public let threshold: Double
  /// The share of pairs that is evaluated, 0…1; over all terms that skip any.
  public let evaluatedShare: Double
  /// The most that any point's n = K·1 lacks.
  public let massBound: Double
  /// The same as a share of that point's n.
  public let relativeMassBound: Double
  /// The most that one update can change a marginal beyond what all pairs would have.
  ///
  /// `DenseCRF.Inference.errorBound` follows these errors through all updates.
  public let updateErrorBound: Double
}

extension DenseCRF {
  /// What the filters skip; `nil` where they evaluate every pair, or where they approximate
  /// otherwise.
  public var skippedPairs: SkippedPairs? {
    let omissions = omissions
    guard !omissions.isEmpty else { return nil }
    let energyError = energyErrors().max() ?? 0
    return SkippedPairs(
      threshold: omissions.map(\.threshold).max() ?? 0,
      evaluatedShare: omissions.map(\.evaluatedShare).reduce(0, +) / Double(omissions.count),
      massBound: omissions.map(\.mass).max() ?? 0,
      relativeMassBound: omissions.map(\.relativeMass).max() ?? 0,
      // A marginal changes by a quarter of what its energy's distance from the others does, at
      // most.
      updateErrorBound: min(1, Double(energyError) / 2))
  }

  /// Whether the filters skip any pairs.
  var skipsPairs: Bool { !omissions.isEmpty }

  var omissions: [Omission] { terms.compactMap(\.omission) }

  /// For each point, the most that the skipped pairs of one update can change an energy.
  func energyErrors() -> [Float] {
    var errors = [Float](repeating: 0, count: unary.values.points)
    for term in terms {
      guard let omission = term.omission else { continue }
      let gain = term.factors.largestGain
      for point in errors.indices { errors[point] += gain * omission.messageErrors[point] }
    }
    return errors
  }
}
