import LatticeSupport
import Unaries

/// Scores made less or more sure of themselves: softmax(−θ/T).
///
/// Temperature scaling: Guo, Pleiss, Sun & Weinberger, "On calibration of modern neural networks",
/// ICML 2017, §4.2. T above 1 softens, T below 1 sharpens; no label changes.
public struct Temperature: Refinement {
  /// T, above 0.
  public let value: Float

  /// - Parameter value: T, above 0 and finite.
  public init(_ value: Float) {
    precondition(value > 0 && value.isFinite, "a temperature of \(value)")
    self.value = value
  }

  /// What descriptions call it.
  public var name: String { "temperature:value=\(value.shortText)" }
  /// How far it reaches.
  public var reach: Reach { .steps(0) }
  /// Points have no influence on others.
  public var leavesPointsOut: Bool { true }

  /// - Complexity: O(N·L).
  public func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    var report = RefinementReport()
    let marginals = report.measure(.inference, consuming: energies) {
      $0.marginals(temperature: value, parallelism: request.parallelism)
    }
    return Refined(marginals, report: report)
  }
}

extension RefinementKind {
  /// Scores made less or more sure of themselves.
  public static let temperature = RefinementKind(
    name: "temperature", summary: "scores divided by a temperature: above 1 softer, below sharper",
    settings: [Setting("value", .number(.above(0)), "T; 1 leaves the scores as they are")],
    example: "temperature:value=1.5"
  ) { settings, _ in
    Temperature(Float(settings.number("value") ?? 1))
  }
}
