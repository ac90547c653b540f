/// μ: what it costs two points to have given labels, as a factor of the messages between them.
///
/// The pairwise term of label l is Σₘ μ(l,m)·(K·Q)ₘ, added to the energies.
public protocol LabelCompatibility: Sendable {
  /// The factors for `labelCount` labels.
  ///
  /// - Throws: `InputError` where the compatibility was made for another number of labels.
  func factors(labelCount: Int) throws -> CompatibilityFactors
}

/// The factors of a label compatibility, in the cheapest form that holds them.
public enum CompatibilityFactors: Sendable, Equatable {
  /// μ is a multiple of the identity: one factor for all labels. Potts of weight w is −w.
  case uniform(Float)
  /// μ is diagonal: L factors.
  case perLabel([Float])
  /// Any μ: L × L factors, row-major; a row has the factors of the label that receives.
  case matrix([Float])
}

extension CompatibilityFactors {
  /// The most that an energy can change where every message changes by 1 at most.
  var largestGain: Float {
    switch self {
    case .uniform(let weight): return abs(weight)
    case .perLabel(let weights): return weights.map(abs).max() ?? 0
    case .matrix(let matrix):
      let count = Int(Double(matrix.count).squareRoot())
      return (0..<count).map { row in
        matrix[row * count..<(row + 1) * count].reduce(0) { $0 + abs($1) }
      }.max() ?? 0
    }
  }

  /// The factors of weight · μ.
  func multiplied(by weight: Float) -> CompatibilityFactors {
    switch self {
    case .uniform(let factor): .uniform(factor * weight)
    case .perLabel(let factors): .perLabel(factors.map { $0 * weight })
    case .matrix(let matrix): .matrix(matrix.map { $0 * weight })
    }
  }
}
