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

/// The order of the axes of a score array.
public enum ScoreLayout: Sendable, Hashable, CaseIterable {
  /// (L, H, W), as PyTorch and pydensecrf write it; volumes are (L, D, H, W).
  case labelsFirst
  /// (H, W, L), as TensorFlow writes it; volumes are (D, H, W, L).
  case labelsLast
}

extension ScoreLayout {
  /// The choice of this layout, for remedies.
  var setting: Remedy.Setting { .layout(self == .labelsFirst ? .first : .last) }

  /// The axes by name, `(L,H,W)`; with `swapped`, height and width in the wrong order.
  func axes(rank: Int, swapped: Bool = false) -> String {
    var spatial =
      switch rank {
      case 1: ["N"]
      case 2: ["H", "W"]
      case 3: ["D", "H", "W"]
      default: (1...max(1, rank)).map { "X\($0)" }
      }
    if swapped { spatial.reverse() }
    let names =
      switch self {
      case .labelsFirst: ["L"] + spatial
      case .labelsLast: spatial + ["L"]
      }
    return "(" + names.joined(separator: ",") + ")"
  }

  /// Splits the shape of an array into the number of labels and the extents of the grid.
  func split(_ shape: [Int]) -> (labels: Int, extents: [Int]) {
    switch self {
    case .labelsFirst: (shape[0], Array(shape.dropFirst()))
    case .labelsLast: (shape[shape.count - 1], Array(shape.dropLast()))
    }
  }
}
