import MeanField

/// Labels in an order, such as depths: neighbouring ones are cheap, distant ones cost no more than
/// `limit` steps (truncated linear).
struct OrderedCompatibility: LabelCompatibility {
  /// The cost of a step.
  var weight: Float
  /// Steps beyond which the cost grows no more, so that real edges survive.
  var limit: Int

  func factors(labelCount: Int) throws -> CompatibilityFactors {
    .matrix(
      (0..<labelCount * labelCount).map { index in
        let (first, second) = index.quotientAndRemainder(dividingBy: labelCount)
        return weight * Float(min(abs(first - second), limit))
      })
  }
}
