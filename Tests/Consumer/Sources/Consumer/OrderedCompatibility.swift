import LatticeSupport
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

extension CompatibilityKind {
  /// `compatibility=ordered,weight=1,limit=4`, once it is registered.
  static let ordered = CompatibilityKind(
    name: "ordered", summary: "the distance of two labels, up to a limit",
    settings: [
      Setting("weight", .number(.any), "the cost of a step"),
      Setting("limit", .count(1...65535), "steps beyond which the cost grows no more"),
    ], example: "gaussian:spatial=3,compatibility=ordered,weight=1,limit=4"
  ) { settings, _ in
    OrderedCompatibility(
      weight: Float(settings.number("weight") ?? 1), limit: settings.count("limit") ?? 1)
  }
}
