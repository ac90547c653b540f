import LatticeSupport

/// A dense CRF whose updates are recorded, so that a loss on its marginals can be taken back to all
/// that they were made of.
///
/// The forward pass is U₀ = −θ, Qₜ = softmax(Uₜ), Uₜ₊₁ = (1 − s)·Uₜ + s·(−θ − Σₘ Cₘ·K'ₘQₜ), with
/// damping s. In float32 on any filter (`FilteredArithmetic`), or in float64 over all pairs
/// (`AllPairsArithmetic`).
///
/// ```swift
/// let crf = try DifferentiableCRF(
///   points: grid.count, labelCount: 21,
///   terms: [
///     LearnedTerm(.positions(on: grid, bandwidths: [3]), compatibility: .potts(3)),
///     LearnedTerm(
///       .bilateral(on: grid, image: rgb, channels: 3, bandwidths: [60, 60, 10, 10, 10]),
///       compatibility: .potts(5)),
///   ],
///   arithmetic: FilteredArithmetic())
/// let inference = crf.forward(energies, UpdateOptions(iterations: 5))
/// let (value, upstream) = LearningObjective.crossEntropy().evaluate(inference.marginals, labels)
/// let gradient = inference.gradient(of: upstream, wanted: [.unary, .weights, .bandwidths])
/// ```
public struct DifferentiableCRF<Arithmetic: LearningArithmetic>: Sendable {
  /// Marginals, energies and their gradients.
  public typealias Field = Arithmetic.Field

  /// N, the number of points.
  public let points: Int
  /// L, the number of labels.
  public let labelCount: Int
  /// What was given.
  public private(set) var terms: [LearnedTerm]
  /// How it computes.
  public let arithmetic: Arithmetic
  let kernels: [Arithmetic.Kernel]
  private(set) var factors: [Arithmetic.Factors]

  /// Builds the filters of `terms`.
  ///
  /// - Parameters:
  ///   - points: N.
  ///   - labelCount: L.
  ///   - terms: may be empty; the marginals are then softmax(−θ).
  ///   - arithmetic: how to compute.
  /// - Throws: `InputError` where sizes do not fit; what filters throw of features that they cannot
  ///   hold.
  /// - Complexity: that of the filters.
  public init(
    points: Int, labelCount: Int, terms: [LearnedTerm], arithmetic: Arithmetic
  ) throws {
    for term in terms where term.features.points != points {
      throw InputError(
        .data, "features of \(term.features.points) points for a CRF of \(points)")
    }
    self.points = points
    self.labelCount = labelCount
    self.terms = terms
    self.arithmetic = arithmetic
    factors = try terms.map {
      try arithmetic.factors(of: $0.compatibility, labelCount: labelCount)
    }
    kernels = try terms.map { try arithmetic.kernel(of: $0) }
  }

  /// The terms of two CRFs of one shape.
  init(_ first: DifferentiableCRF, followedBy second: DifferentiableCRF) {
    points = first.points
    labelCount = first.labelCount
    terms = first.terms + second.terms
    arithmetic = first.arithmetic
    kernels = first.kernels + second.kernels
    factors = first.factors + second.factors
  }

  /// The same with other compatibilities; the filters are shared.
  ///
  /// - Parameter compatibilities: one per term, in their order.
  /// - Throws: `InputError` where one is of another number of labels.
  public func with(compatibilities: [LearnedCompatibility]) throws -> DifferentiableCRF {
    precondition(
      compatibilities.count == terms.count,
      "\(compatibilities.count) compatibilities for \(terms.count) terms")
    var crf = self
    for (index, compatibility) in compatibilities.enumerated() {
      crf.factors[index] = try arithmetic.factors(of: compatibility, labelCount: labelCount)
      crf.terms[index].compatibility = compatibility
    }
    return crf
  }

  /// All updates, recorded.
  ///
  /// - Parameter energies: θ, N × L.
  /// - Parameter options: how many updates, and how.
  /// - Complexity: O(T · L) filtered channels per term. The record holds T + 1 fields of N × L, or
  ///   about 2√T while it recomputes the others.
  public func forward(
    _ energies: Field, _ options: UpdateOptions = UpdateOptions()
  ) -> RecordedInference<Arithmetic> {
    RecordedInference(self, energies: energies, options: options)
  }
}

/// How mean field updates that are to be differentiated run.
public struct UpdateOptions: Sendable, Hashable {
  /// T, at least 0; 0 gives softmax(−θ).
  public var iterations: Int
  /// s: how much of each update is made; above 0, at most 1.
  public var damping: Double
  /// Keeps every √T-th state alone, and computes the others again in the reverse pass: one more
  /// forward pass for about 2√T fields of N × L in place of T.
  public var recomputes: Bool
  /// Keeps −U_T as well, one field of N × L, so that `finalEnergies()` need not compute it.
  public var keepsEnergies: Bool

  /// Plain updates, five of them, as networks are trained with.
  public init(
    iterations: Int = 5, damping: Double = 1, recomputes: Bool = false, keepsEnergies: Bool = false
  ) {
    precondition(iterations >= 0, "\(iterations) iterations")
    precondition(damping > 0 && damping <= 1, "a damping of \(damping)")
    self.iterations = iterations
    self.damping = damping
    self.recomputes = recomputes
    self.keepsEnergies = keepsEnergies
  }
}
