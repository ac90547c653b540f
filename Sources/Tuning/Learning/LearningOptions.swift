import LatticeSupport
import MeanField

/// What of a CRF is learned, and how.
public struct LearningOptions: Sendable {
  /// What is learned; not empty.
  public var learned: Set<LearnedPart>
  /// What the marginals are judged by.
  public var loss: LearningObjective
  /// How pairs of points are summed.
  public var sums: Sums
  /// The most points of an image; larger ones become smaller. `nil` for any number.
  public var points: Int?
  /// Steps at most.
  public var iterations: Int
  /// λ: ½λ‖p − p₀‖² is added to the loss, p₀ the start.
  public var l2: Double
  /// Steps without a lower loss on the images held out after which it ends, and the lowest is
  /// taken; `nil` goes on, and takes the last.
  public var patience: Int?

  /// How pairs of points are summed.
  public enum Sums: String, CaseIterable, Sendable {
    /// All pairs in float64: the one way to learn bandwidths. O(N²), on small images.
    case exact
    /// By the model's filter, in float32, on images of any size.
    case lattice
  }

  /// Points of an image that all pairs take about a second for.
  public static let usualPoints = 3000
  /// λ of Krähenbühl & Koltun, ICML 2013.
  public static let usualL2 = 1e-3

  /// - Parameters:
  ///   - learned: what is learned; not empty.
  ///   - loss: what the marginals are judged by.
  ///   - sums: how pairs of points are summed; `nil` for `exact` where bandwidths are learned, and
  ///     `lattice` elsewhere.
  ///   - points: the most points of an image; `nil` for `usualPoints` with `exact` sums, and any
  ///     number with `lattice`.
  ///   - iterations: steps at most, at least 1.
  ///   - l2: λ, at least 0.
  ///   - patience: steps without a lower loss on the images held out after which it ends, at least
  ///     1; `nil` goes on.
  public init(
    _ learned: Set<LearnedPart>, loss: LearningObjective = .logLikelihood(), sums: Sums? = nil,
    points: Int? = nil, iterations: Int = 50, l2: Double = usualL2, patience: Int? = 5
  ) {
    precondition(!learned.isEmpty, "nothing is to be learned")
    precondition(iterations >= 1 && l2 >= 0, "\(iterations) iterations with λ = \(l2)")
    precondition(points ?? 1 >= 1 && patience ?? 1 >= 1, "counts below 1")
    self.learned = learned
    self.loss = loss
    let sums = sums ?? (learned.contains(.bandwidths) ? .exact : .lattice)
    self.sums = sums
    self.points = points ?? (sums == .exact ? Self.usualPoints : nil)
    self.iterations = iterations
    self.l2 = l2
    self.patience = patience
  }
}
