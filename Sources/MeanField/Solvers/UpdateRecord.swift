/// What is known of marginals after an update.
public struct UpdateRecord: Sendable, Hashable {
  /// F = ⟨θ, Q⟩ + ½⟨Q, g − θ⟩ + ⟨Q, log Q⟩.
  public let freeEnergy: Double
  /// R: F without the entropy.
  public let relaxedEnergy: Double
  /// ⟨g + log Q, Q − p⟩ with p = softmax(−g), which is KL(p|Q) + KL(Q|p): 0 exactly where F is
  /// stationary. `nil` where marginals may be 0.
  public let gap: Double?
  /// What the solver does not raise: F, R, or R + (ρ/2)|Q|².
  public let watchedEnergy: Double
  /// How far the update went, of 1: s of damping, the largest where points differ; α of a line.
  /// `nil` at the start, and where there is no such number.
  public internal(set) var step: Float?
  /// How often the update was made anew with half the step, since the free energy had risen.
  public internal(set) var retries = 0
}

/// Why updates ended.
public enum StopReason: String, Sendable {
  /// All that were asked for were made.
  case updates
  /// No marginal changed by as much as the tolerance.
  case change
  /// The gap of a point fell below the tolerance, on average.
  case gap
  /// The call was cancelled.
  case cancelled
}
