import LatticeSupport

/// What the numbers of a score array mean.
public enum ScoreKind: Sendable, Hashable, CaseIterable {
  /// Scores before the softmax: any finite numbers, larger is likelier.
  case logits
  /// Scores after the softmax: in [0, 1], summing to 1 over the labels.
  case probabilities
  /// −log P up to a constant per point: any finite numbers, smaller is likelier.
  case energies
}

extension ScoreMeaning {
  /// What the numbers of an array mean; `nil` for label maps, which hold none.
  public var scoreKind: ScoreKind? {
    switch self {
    case .logits: .logits
    case .probabilities: .probabilities
    case .energies: .energies
    case .labels: nil
    }
  }
}
