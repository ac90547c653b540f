import LatticeSupport

/// A way to compute the mean field updates of a CRF: softmax(−θ − Σₘ μₘ(Kₘ·Q)), all points at
/// once, or those of another `Solver`.
///
/// Engines hold what they need of a CRF's terms, but not its energies, whose memory the marginals
/// may take in the end: every call is given them. `DenseCRF.makeEngine()` chooses; `any` is opened
/// once per update.
package protocol MeanFieldEngine: Sendable {
  /// Bounds how far any marginal is from what all pairs of points would have given; 0 unless
  /// something else is known.
  var errorBound: Float { get }

  /// Q⁰ = softmax(−θ).
  ///
  /// - Parameters:
  ///   - energies: θ, N × L, its padding large.
  ///   - marginals: N × L, overwritten.
  mutating func start(_ energies: ChannelField, into marginals: inout ChannelField)

  /// One update.
  ///
  /// - Parameters:
  ///   - energies: those of `start`.
  ///   - marginals: Q of the step before, replaced by the next.
  /// - Returns: the largest change of a marginal where it is measured; 0 otherwise.
  mutating func step(
    _ energies: ChannelField, into marginals: inout ChannelField, _ request: UpdateRequest
  ) -> Float

  /// What is known of the marginals; `nil` where the engine does not know energies.
  ///
  /// - Parameters:
  ///   - energies: those of `start`.
  ///   - marginals: as the last call left them.
  mutating func evaluate(_ energies: ChannelField, _ marginals: ChannelField) -> UpdateRecord?

  /// Whether the engine carries what the next update needs itself, so that marginals need be
  /// written only where somebody reads them. What follows is called of such engines alone.
  static var carriesMarginals: Bool { get }

  /// `start` without writing the marginals.
  mutating func start(_ energies: ChannelField)

  /// `step` without writing the marginals.
  mutating func step(_ energies: ChannelField)

  /// The last `step`, whose marginals replace the energies: in the same memory where nothing shares
  /// it.
  mutating func finish(replacing energies: inout ChannelField)

  /// Notes the state after `start`, for `restart(with:)`.
  mutating func keepStart()

  /// Goes back to the state that was noted, with the compatibilities of `crf`, which has the same
  /// filters.
  mutating func restart(with crf: DenseCRF)
}

/// What an update does besides the marginals.
package struct UpdateRequest: Sendable {
  /// Measures the largest change of a marginal.
  package var measuresChange: Bool
  /// No update follows: nothing is prepared for one.
  package var isLast: Bool

  package init(measuresChange: Bool = true, isLast: Bool = false) {
    self.measuresChange = measuresChange
    self.isLast = isLast
  }
}

extension MeanFieldEngine {
  package var errorBound: Float { 0 }

  package mutating func evaluate(
    _ energies: ChannelField, _ marginals: ChannelField
  ) -> UpdateRecord? { nil }

  package static var carriesMarginals: Bool { false }

  package mutating func start(_ energies: ChannelField) { Self.refuse() }

  package mutating func step(_ energies: ChannelField) { Self.refuse() }

  package mutating func finish(replacing energies: inout ChannelField) { Self.refuse() }

  package mutating func keepStart() { Self.refuse() }

  package mutating func restart(with crf: DenseCRF) { Self.refuse() }

  private static func refuse() -> Never {
    preconditionFailure("\(Self.self) does not carry marginals")
  }
}

extension DenseCRF {
  /// The fastest engine of parallel updates for the terms, or the one that bounds the errors of
  /// filters that skip pairs.
  func makeEngine() -> any MeanFieldEngine {
    if let engine = FusedEngine(self) { return engine }
    if let engine = ErrorBoundedEngine(self) { return engine }
    return StagedEngine(self)
  }
}
