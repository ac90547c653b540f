import LatticeSupport

extension RecordedInference {
  /// The gradient of a loss on the marginals. May be asked for more than once.
  ///
  /// With B = s·H from H = ∂l/∂Uₜ₊₁, one step back is θ̄ −= B, C̄ₘ −= (B·K'ₘ)·Qₜᵀ, and
  /// H ← J(Σₘ −Cₘᵀ·(B·K'ₘ)) + (1 − s)·H, J the softmax's derivative: one transposed filtering a
  /// term, and no messages.
  ///
  /// - Parameters:
  ///   - upstream: ∂l/∂Q_T, N × L.
  ///   - wanted: what to differentiate by.
  /// - Complexity: that of the forward pass; with features, see `FilteredArithmetic`.
  public func gradient(of upstream: Field, wanted: GradientSet = .all) -> CRFGradient<Field> {
    var gradient = crf.arithmetic.settled(upstream, asEnergies: false)
    crf.arithmetic.passThroughSoftmax(marginals, &gradient)
    return reverse(from: gradient, wanted)
  }

  /// The same for a loss on the logits U_T = −`finalEnergies()`.
  ///
  /// Where a marginal underflows, only this has a gradient: cross-entropy's is (Q_T − y) / N.
  ///
  /// - Parameters:
  ///   - upstream: ∂l/∂U_T, N × L.
  ///   - wanted: what to differentiate by.
  public func gradient(
    ofLogits upstream: Field, wanted: GradientSet = .all
  ) -> CRFGradient<Field> {
    reverse(from: crf.arithmetic.settled(upstream, asEnergies: false), wanted)
  }

  /// The gradient where the marginals are a fixed point, Q = softmax(−θ − Σ C·K'Q): without the
  /// history, whatever T was.
  ///
  /// B ← J(G + Σₘ −Cₘᵀ·(B·K'ₘ)) converges where the updates do.
  ///
  /// - Parameters:
  ///   - upstream: ∂l/∂Q_T, N × L.
  ///   - wanted: what to differentiate by.
  ///   - rounds: the most iterations.
  ///   - tolerance: ends where nothing changes by more than this share of the largest entry.
  public func implicitGradient(
    of upstream: Field, wanted: GradientSet = .all, rounds: Int = 500, tolerance: Double = 1e-6
  ) -> CRFGradient<Field> {
    let arithmetic = crf.arithmetic
    let upstream = arithmetic.settled(upstream, asEnergies: false)
    var sums = ReverseSums(crf, wanted)
    var b = Field(points: crf.points, channels: crf.labelCount)
    for _ in 0..<rounds where !Cancellation.isRequested {
      var next = sums.back(b)
      arithmetic.mix(upstream, by: 1, into: &next, keeping: 1)
      arithmetic.passThroughSoftmax(marginals, &next)
      let (change, size) = Self.change(from: b, to: next)
      b = next
      if change <= tolerance * size { break }
    }
    sums.addEnergies(b)
    _ = sums.back(b, noting: marginals)
    return sums.gradient()
  }

  private static func change(from old: Field, to new: Field) -> (change: Double, size: Double) {
    var (change, size) = (0.0, 0.0)
    for point in 0..<old.points {
      for channel in 0..<old.channels {
        let value = Double(new[point, channel])
        change = max(change, abs(value - Double(old[point, channel])))
        size = max(size, abs(value))
      }
    }
    return (change, size)
  }

  private func reverse(from start: Field, _ wanted: GradientSet) -> CRFGradient<Field> {
    let arithmetic = crf.arithmetic
    var sums = ReverseSums(crf, wanted)
    if sums.suitsFastPath, options.damping == 1, let states = allMarginals,
      let (energies, compatibilities) = arithmetic.fastGradient(
        states, gradient: start, kernels: crf.kernels, factors: crf.factors,
        wantsCompatibilities: !wanted.isDisjoint(with: [.weights, .compatibilities]))
    {
      return sums.gradient(energies: energies, compatibilities: compatibilities)
    }
    var h = start
    let damping = Field.Scalar(options.damping)
    forEachStateReversed { marginals in
      var b = h
      if damping != 1 { arithmetic.mix(h, by: 0, into: &b, keeping: damping) }
      sums.addEnergies(b)
      var g = sums.back(b, noting: marginals)
      arithmetic.passThroughSoftmax(marginals, &g)
      if damping != 1 { arithmetic.mix(h, by: 1 - damping, into: &g, keeping: 1) }
      h = g
    }
    sums.addEnergies(h)
    return sums.gradient()
  }
}

/// What the steps back add up.
private struct ReverseSums<Arithmetic: LearningArithmetic> {
  typealias Field = Arithmetic.Field

  private let crf: DifferentiableCRF<Arithmetic>
  private let wanted: GradientSet
  private let reversed: [Arithmetic.Factors]
  private var energies: Field?
  private var compatibilities: [[Double]]
  private var features: [any FeatureGradient<Field>]
  private var filtered: Field

  init(_ crf: DifferentiableCRF<Arithmetic>, _ wanted: GradientSet) {
    self.crf = crf
    self.wanted = wanted
    reversed = crf.factors.map { crf.arithmetic.reversed($0) }
    energies =
      wanted.contains(.unary) ? Field(points: crf.points, channels: crf.labelCount) : nil
    compatibilities = crf.terms.map { _ in
      [Double](repeating: 0, count: crf.labelCount * crf.labelCount)
    }
    features = wanted.needsFeatures ? crf.kernels.map { $0.featureGradient() } : []
    filtered = Field(points: crf.points, channels: crf.labelCount)
  }

  /// Whether energies and what compatibilities have of numbers are all that is wanted.
  var suitsFastPath: Bool {
    guard !wanted.needsFeatures else { return false }
    return !wanted.contains(.compatibilities) || crf.terms.allSatisfy { $0.compatibility.isFull }
  }

  /// By θ: −B.
  mutating func addEnergies(_ b: Field) {
    guard var sum = energies else { return }
    energies = nil
    crf.arithmetic.mix(b, by: -1, into: &sum, keeping: 1)
    energies = sum
  }

  /// Σₘ −Cₘᵀ·(B·K'ₘ), one step back to the marginals `marginals`; notes what the terms' gradients
  /// gain where those are given.
  mutating func back(_ b: Field, noting marginals: Field? = nil) -> Field {
    let arithmetic = crf.arithmetic
    var sum = Field(points: crf.points, channels: crf.labelCount)
    for (index, kernel) in crf.kernels.enumerated() {
      kernel.applyTransposed(to: b, into: &filtered)
      arithmetic.addProduct(reversed[index], of: filtered, to: &sum)
      guard let marginals else { continue }
      addCompatibility(index, marginals)
      guard !features.isEmpty else { continue }
      var a = Field(points: crf.points, channels: crf.labelCount)
      arithmetic.addProduct(reversed[index], of: b, to: &a)
      var transposed = Field(points: crf.points, channels: crf.labelCount)
      arithmetic.addProduct(reversed[index], of: filtered, to: &transposed)
      features[index].add(a, marginals, transposed: transposed)
    }
    return sum
  }

  /// By C: −(B·K')·Qᵀ, from what was filtered last.
  private mutating func addCompatibility(_ index: Int, _ marginals: Field) {
    let diagonalOnly: Bool
    if wanted.contains(.compatibilities) {
      diagonalOnly = false
    } else if wanted.contains(.weights) {
      diagonalOnly = !crf.terms[index].compatibility.isFull
    } else {
      return
    }
    let products = crf.arithmetic.outerProduct(
      filtered, marginals, diagonalOnly: diagonalOnly)
    for entry in products.indices { compatibilities[index][entry] -= products[entry] }
  }

  func gradient() -> CRFGradient<Field> {
    gradient(energies: energies, compatibilities: compatibilities)
  }

  func gradient(
    energies: Field?, compatibilities: [[Double]]
  ) -> CRFGradient<Field> {
    var result = CRFGradient<Field>(
      unary: wanted.contains(.unary) ? energies : nil, terms: [], image: nil)
    for (index, term) in crf.terms.enumerated() {
      var part = CRFGradient<Field>.Term()
      if wanted.contains(.weights) {
        part.weights = term.compatibility.parameterGradient(compatibilities[index])
      }
      if wanted.contains(.compatibilities) { part.compatibility = compatibilities[index] }
      if !features.isEmpty {
        let total = features[index].total()
        let chain = term.features.chain(
          total, ignoresShifts: features[index].ignoresShifts)
        if wanted.contains(.features) { part.features = total }
        if wanted.contains(.bandwidths) { part.bandwidths = chain.bandwidths }
        if wanted.contains(.transforms) { part.transform = chain.transform }
        if wanted.contains(.rawFeatures) { part.rawFeatures = chain.raw }
        if wanted.contains(.image) { add(chain.raw, of: term.features, to: &result.image) }
      }
      result.terms.append(part)
    }
    return result
  }

  private func add(_ gradient: [Double], of features: LearnedFeatures, to image: inout [Double]?) {
    guard let channels = features.imageChannels else { return }
    var sum = image ?? [Double](repeating: 0, count: crf.points * channels.count)
    precondition(
      sum.count == crf.points * channels.count, "terms compare images of unlike channels")
    for point in 0..<crf.points {
      for (channel, feature) in channels.enumerated() {
        sum[point * channels.count + channel] += gradient[point * features.dimensions + feature]
      }
    }
    image = sum
  }
}
