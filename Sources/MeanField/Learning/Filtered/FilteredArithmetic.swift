import CKernels
import Lattice
import LatticeSupport
import Unaries

/// Learning in float32 on any filter: inside networks, and wherever images are large.
///
/// How features are differentiated, and what it costs for each term with T updates, L labels and d
/// features:
/// - `consistent`: the Gaussian's formula with every sum filtered, 2·L·(1 + d)·T filtered channels
///   and one block of memory. It approximates the derivative of what the filter approximates: for
///   Adam or SGD, not for a line search.
/// - `pairs`: all pairs once, O(N²·(T·L + d)), with the fields of all T updates in memory. It is
///   the derivative of the exact filter.
/// - `lattice`: what a permutohedral lattice itself has as a derivative, nearly for nothing. Right
///   for infinitesimal steps alone, since its weights are piecewise linear; for comparison with
///   Krähenbühl's program.
public struct FilteredArithmetic: LearningArithmetic {
  /// How the gradient by features is computed.
  public enum FeatureRecipe: String, Sendable, CaseIterable {
    /// The Gaussian's formula, filtered.
    case consistent
    /// Over all pairs of points.
    case pairs
    /// The lattice's own; for permutohedral lattices of the compatible mode alone.
    case lattice
  }

  /// How pairs are summed.
  public let backend: any FilterBackend
  /// How the gradient by features is computed.
  public let recipe: FeatureRecipe
  /// The threads to use.
  public let parallelism: Parallelism

  /// - Parameters:
  ///   - backend: how to sum over pairs of points.
  ///   - recipe: how to differentiate by features; `nil` for pairs with the exact filter, and
  ///     for the consistent one with lattices.
  ///   - parallelism: the threads to use; results do not depend on it.
  public init(
    backend: any FilterBackend = .permutohedral(.compatible), recipe: FeatureRecipe? = nil,
    parallelism: Parallelism = .automatic
  ) {
    self.backend = backend
    self.recipe = recipe ?? (backend is ExactBackend ? .pairs : .consistent)
    self.parallelism = parallelism
  }

  /// Builds the term's filter.
  ///
  /// - Throws: `LatticeError` where the features are outside what the backend can hold.
  public func kernel(of term: LearnedTerm) throws -> FilteredKernel {
    try FilteredKernel(term, self)
  }

  /// In float32.
  public func factors(
    of compatibility: LearnedCompatibility, labelCount: Int
  ) throws -> CompatibilityFactors {
    try compatibility.factors(labelCount: labelCount)
  }

  /// −Cᵀ.
  public func reversed(_ factors: CompatibilityFactors) -> CompatibilityFactors {
    factors.reversed
  }

  /// Rows padded with labels that do not exist, or with zeros.
  public func settled(_ field: ChannelField, asEnergies: Bool) -> ChannelField {
    let padding = asEnergies ? EnergyField.paddingEnergy : 0
    guard !field.isPadded(with: padding, parallelism: parallelism) else { return field }
    var settled = field
    let (base, stride, channels) = (settled.mutableBase(), field.stride, field.channels)
    parallelism.forEachChunk(of: field.points, grain: PairwiseMessages.grain) { points in
      for point in points {
        (base + point * stride + channels).update(repeating: padding, count: stride - channels)
      }
    }
    return settled
  }

  /// softmax(−energies).
  public func softmax(ofNegative energies: ChannelField, into marginals: inout ChannelField) {
    PairwiseMessages(terms: [], parallelism: parallelism).softmax(of: energies, into: &marginals)
  }

  /// q ∘ (g − Σ q∘g).
  public func passThroughSoftmax(_ marginals: ChannelField, _ gradient: inout ChannelField) {
    let stride = marginals.stride
    gradient.replaceContents { old, new in
      parallelism.forEachChunk(of: marginals.points, grain: PairwiseMessages.grain) { points in
        let first = points.lowerBound * stride
        ck_softmax_gradient(
          marginals.base + first, old + first, points.count, stride, new + first)
      }
    }
  }

  /// `sum` += C·v.
  public func addProduct(
    _ factors: CompatibilityFactors, of values: ChannelField, to sum: inout ChannelField
  ) {
    factors.addProduct(of: values, to: &sum, parallelism: parallelism)
  }

  /// `sum` = `share` · `sum` + `factor` · `values`.
  public func mix(
    _ values: ChannelField, by factor: Float, into sum: inout ChannelField, keeping share: Float
  ) {
    let (target, stride) = (sum.mutableBase(), values.stride)
    parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) { points in
      let (first, count) = (points.lowerBound * stride, points.count * stride)
      if share != 1 { ck_scale(target + first, share, count, target + first) }
      if factor != 0 { ck_add_scaled(values.base + first, factor, count, target + first) }
    }
  }

  /// Σ left·rightᵀ: in float32 over 32 points at a time, then in double.
  public func outerProduct(
    _ left: ChannelField, _ right: ChannelField, diagonalOnly: Bool
  ) -> [Double] {
    let (stride, channels) = (left.stride, left.channels)
    let size = channels * channels
    let grain = PairwiseMessages.grain
    let chunks = (left.points + grain - 1) / grain
    let partial = AlignedBuffer<Double>(zeros: chunks * size)
    parallelism.forEachChunk(of: left.points, grain: grain) { points in
      let first = points.lowerBound * stride
      let sums = partial.base + points.lowerBound / grain * size
      if diagonalOnly {
        ck_add_channel_products(
          left.base + first, right.base + first, points.count, stride, channels, sums)
      } else {
        let scratch = AlignedBuffer<Float>(uninitialized: channels * stride)
        ck_add_outer_products(
          left.base + first, right.base + first, points.count, stride, channels, scratch.base,
          sums)
      }
    }
    var total = [Double](repeating: 0, count: size)
    for chunk in 0..<chunks {
      for entry in 0..<(diagonalOnly ? channels : size) {
        total[diagonalOnly ? entry * (channels + 1) : entry] += partial.base[chunk * size + entry]
      }
    }
    return total
  }

  /// The fused engine's, where terms allow.
  public func fastUpdates(
    _ energies: ChannelField, kernels: [FilteredKernel], factors: [CompatibilityFactors],
    iterations: Int, keepsEnergies: Bool
  ) -> (states: [ChannelField], energies: ChannelField?)? {
    let crf = DenseCRF(
      unary: EnergyField(
        unchecked: energies, grid: GridShape(width: energies.points, height: 1)),
      terms: zip(kernels, factors).map { PreparedTerm($0.normalized, factors: $1) },
      parallelism: parallelism)
    guard var engine = FusedEngine(crf) else { return nil }
    func field() -> ChannelField {
      ChannelField(uninitializedPoints: energies.points, channels: energies.channels)
    }
    var states: [ChannelField] = []
    var kept = keepsEnergies && iterations == 0 ? energies : nil
    for step in 0...iterations {
      var marginals = field()
      if step == 0 {
        engine.start(energies, into: &marginals)
      } else if keepsEnergies && step == iterations {
        var sums = field()
        engine.finish(energies, into: &marginals, sums: &sums)
        kept = sums
      } else {
        _ = engine.step(
          energies, into: &marginals,
          UpdateRequest(measuresChange: false, isLast: step == iterations))
      }
      states.append(marginals)
    }
    return (states, kept)
  }

  /// In fused sweeps, where terms allow.
  public func fastGradient(
    _ marginals: [ChannelField], gradient: ChannelField, kernels: [FilteredKernel],
    factors: [CompatibilityFactors], wantsCompatibilities: Bool
  ) -> (energies: ChannelField, compatibilities: [[Double]])? {
    let terms = zip(kernels, factors).map { PreparedTerm($0.normalized, factors: $1.reversed) }
    var reverse = FusedReverse(terms, stride: gradient.stride, parallelism: parallelism)
    return reverse?.run(
      marginals, gradient: gradient, wantsCompatibilities: wantsCompatibilities)
  }
}
