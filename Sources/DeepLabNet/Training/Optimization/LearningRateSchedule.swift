import LatticeSupport

/// How the learning rate falls in the course of a training.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
  /// A rule.
  public enum Policy: String, Sendable, Codable, CaseIterable {
    /// Always the base rate.
    case constant
    /// (1 − t / steps)^power: Chen et al. (2017), §4.1.2, "poly".
    case poly
    /// gamma^⌊t / every⌋.
    case step
  }

  /// The rule.
  public var policy: Policy
  /// The rate at the start: 0 or more.
  public var base: Double
  /// Of poly: 0 or more; 0.9 in the paper.
  public var power: Double
  /// What the rate is multiplied by every `every` steps, of step: 0 or more.
  public var gamma: Double
  /// Of step: steps from one fall to the next. Of poly: steps for which a rate is kept. At least 1.
  public var every: Int

  /// - Parameters:
  ///   - policy: the rule.
  ///   - base: the rate at the start.
  ///   - power: of poly.
  ///   - gamma: of step.
  ///   - every: steps from one change to the next, at least 1.
  public init(
    _ policy: Policy, base: Double, power: Double = 0.9, gamma: Double = 0.1, every: Int = 1
  ) {
    precondition(every >= 1, "a rate that changes every \(every) steps")
    self.policy = policy
    self.base = base
    self.power = power
    self.gamma = gamma
    self.every = every
  }

  /// The rate of step number `step`, from 0 on, of `total`.
  public func rate(at step: Int, of total: Int) -> Double {
    precondition(every >= 1, "a rate that changes every \(every) steps")
    switch policy {
    case .constant: return base
    case .step: return base * Self.power(gamma, Double(step / every))
    case .poly:
      let left = 1 - Double(step / every * every) / Double(max(1, total))
      return base * Self.power(max(0, left), power)
    }
  }

  private static func power(_ value: Double, _ exponent: Double) -> Double {
    value == 0 ? (exponent == 0 ? 1 : 0) : exponential(exponent * logarithm(value))
  }
}
