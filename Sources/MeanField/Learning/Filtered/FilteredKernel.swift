import Lattice
import LatticeSupport

/// K' of a term in float32, on the filter of a backend.
public struct FilteredKernel: LearningKernel {
  let normalized: NormalizedFilter
  /// f, in float32.
  let features: FeatureMatrix
  let normalization: Normalization
  let recipe: FilteredArithmetic.FeatureRecipe
  let parallelism: Parallelism

  init(_ term: LearnedTerm, _ arithmetic: FilteredArithmetic) throws {
    let features = try term.features.matrix()
    let filter = try arithmetic.backend.makeFilter(
      for: features, parallelism: arithmetic.parallelism)
    try Cancellation.check()
    if arithmetic.recipe == .lattice, !(filter is any BarycentricFilter) {
      throw InputError(
        .usage, "the filter '\(arithmetic.backend.name)' has no derivative of its own by features",
        remedy: "differentiate consistently, or over pairs")
    }
    normalized = NormalizedFilter(
      filter, normalization: term.normalization, selfTerm: term.selfTerm, keepsBare: true,
      parallelism: arithmetic.parallelism)
    if let failure = filter.failure { throw failure }
    self.features = features
    normalization = term.normalization
    recipe = arithmetic.recipe
    parallelism = arithmetic.parallelism
  }

  /// K'·values.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, transposed: false)
  }

  /// K'ᵀ·values; a lattice blurs its axes in reverse.
  public func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, transposed: true)
  }

  private func apply(
    to values: ChannelField, into output: inout ChannelField, transposed: Bool
  ) {
    let isScaled = (transposed ? normalized.outputScale : normalized.inputScale) != nil
    var scaled = ChannelField(points: isScaled ? values.points : 0, channels: values.channels)
    normalized.apply(
      to: values, into: &output, scaled: &scaled, transposed: transposed,
      parallelism: parallelism)
  }

  /// By the arithmetic's recipe.
  public func featureGradient() -> any FeatureGradient<ChannelField> {
    switch recipe {
    case .consistent: ConsistentGradient(self)
    case .pairs: PairGradient(self)
    case .lattice: LatticeGradient(self)
    }
  }

  /// K.
  var bare: any GaussianFilter {
    guard let bare = normalized.parts?.bare else { preconditionFailure("K was not kept") }
    return bare
  }

  /// 1/n; `nil` without normalisation.
  var reciprocals: [Double]? {
    guard let parts = normalized.parts else { preconditionFailure("n was not kept") }
    switch normalization {
    case .none: return nil
    case .before: return (0..<features.points).map { Double(parts.input?[$0] ?? 1) }
    case .after: return (0..<features.points).map { Double(parts.output?[$0] ?? 1) }
    case .symmetric:
      return (0..<features.points).map {
        Double(parts.input?[$0] ?? 1) * Double(parts.output?[$0] ?? 1)
      }
    }
  }
}

/// ν: the gradient by n, summed over pairs of fields.
///
/// With x = Σ_l a∘(K'q) and y = Σ_l q∘(K'ᵀa): −x/n after, −y/n before, −½(x + y)/n symmetric. Such
/// points as have no neighbours have 1/n = 0.
struct NormalizerGradient: Sendable {
  let normalization: Normalization
  private let reciprocals: [Double]?
  private(set) var values: [Double]

  init(_ normalization: Normalization, reciprocals: [Double]?, points: Int) {
    self.normalization = normalization
    self.reciprocals = reciprocals
    values = [Double](repeating: 0, count: reciprocals == nil ? 0 : points)
  }

  /// Whether there is one.
  var isNeeded: Bool { reciprocals != nil }
  /// Whether Σ a∘(K'q) counts.
  var needsApplied: Bool { normalization == .after || normalization == .symmetric }
  /// Whether Σ q∘(K'ᵀa) counts.
  var needsTransposed: Bool { normalization == .before || normalization == .symmetric }

  /// Adds sums over all pairs, Σ a∘(K'q) and Σ q∘(K'ᵀa) as far as they count.
  mutating func add(_ products: UnsafePointer<Double>) {
    guard let reciprocals else { return }
    let factor = normalization == .symmetric ? -0.5 : -1
    for point in values.indices { values[point] += factor * products[point] * reciprocals[point] }
  }
}
