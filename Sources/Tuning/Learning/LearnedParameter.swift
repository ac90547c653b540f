import LatticeSupport

/// What of a CRF is learned.
public enum LearnedPart: String, CaseIterable, Sendable {
  /// The weight of each term, as its logarithm.
  case weights
  /// Every bandwidth that the model has, one or one for each axis, as its logarithm.
  case bandwidths
  /// A factor for each label.
  case diagonal
  /// A cost for each pair of labels; symmetric unless it starts otherwise.
  case compatibility

  /// What a list of words asks for.
  ///
  /// - Parameter text: words with commas between them.
  /// - Throws: `InputError` where a word is none of these, or two contradict each other.
  public static func parts(_ text: String) throws -> Set<LearnedPart> {
    let parts = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let part = LearnedPart(rawValue: String(word)) else {
        throw unknownName(
          String(word), of: "part of a CRF that is learned", among: allCases.map(\.rawValue))
      }
      return part
    }
    if parts.contains(.diagonal), parts.contains(.compatibility) {
      throw InputError(
        .usage, "names 'diagonal' and 'compatibility', but the second has the first in it",
        remedy: "leave one of them out")
    }
    return Set(parts)
  }
}

/// One number that is learned.
public struct LearnedParameter: Sendable, Hashable {
  /// What it is called: `bilateral.weight`, `bilateral.color`, `gaussian.spatial[1]` for the second
  /// axis, `costs[0,3]` for what labels 0 and 3 cost.
  public let name: String
  /// Whether its logarithm is learned.
  public let isLogarithm: Bool
  /// Where it starts.
  public let start: Double
  /// What it may be.
  public let bounds: ClosedRange<Double>

  /// The number as the minimiser has it.
  func inner(_ value: Double) -> Double { isLogarithm ? logarithm(value) : value }

  /// The number of what the minimiser has.
  public func value(_ inner: Double) -> Double { isLogarithm ? exponential(inner) : inner }
}
