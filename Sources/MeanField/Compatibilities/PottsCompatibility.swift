import LatticeSupport
import Unaries

/// Different labels cost w, equal ones nothing; up to a constant, equal ones gain w.
public struct PottsCompatibility: LabelCompatibility {
  /// w; positive weights smooth.
  public let weight: Float

  /// Potts with weight `weight`.
  public init(weight: Float) {
    self.weight = weight
  }

  /// −w for every label.
  public func factors(labelCount: Int) -> CompatibilityFactors {
    .uniform(-weight)
  }
}

extension LabelCompatibility where Self == PottsCompatibility {
  /// Different labels cost `weight`.
  public static func potts(_ weight: Float) -> Self { Self(weight: weight) }
}

extension CompatibilityKind {
  /// Different labels cost the weight.
  public static let potts = CompatibilityKind(
    name: "potts", summary: "different labels cost the weight, equal ones nothing",
    settings: [.weight(isRequired: true)], example: "gaussian:weight=3,spatial=3"
  ) { settings, _ in
    PottsCompatibility(weight: Float(settings.number("weight") ?? 1))
  }
}
