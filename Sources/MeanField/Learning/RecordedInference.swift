import LatticeSupport

/// Mean field updates that were made, with what the reverse pass needs of them.
public struct RecordedInference<Arithmetic: LearningArithmetic>: Sendable {
  /// Marginals, energies and their gradients.
  public typealias Field = Arithmetic.Field

  /// The CRF that was solved.
  public let crf: DifferentiableCRF<Arithmetic>
  /// How.
  public let options: UpdateOptions
  /// Q after the last update, N × L.
  public let marginals: Field
  /// θ.
  let energies: Field
  private let record: Record
  /// −U_T, where it is kept.
  private let keptEnergies: Field?

  /// What is kept of the states on the way.
  private enum Record: Sendable {
    /// Q₀ … Q_T−1.
    case marginals([Field])
    /// −Uₜ of every `interval`-th step, from the first on.
    case energies([Field], interval: Int)
  }

  init(
    _ crf: DifferentiableCRF<Arithmetic>, energies: Field, options: UpdateOptions
  ) {
    precondition(
      energies.points == crf.points && energies.channels == crf.labelCount,
      "energies of \(energies.points) × \(energies.channels) in a CRF of \(crf.points) × "
        + "\(crf.labelCount)")
    let arithmetic = crf.arithmetic
    let energies = arithmetic.settled(energies, asEnergies: true)
    self.crf = crf
    self.options = options
    self.energies = energies
    if !options.recomputes, options.damping == 1,
      let found = arithmetic.fastUpdates(
        energies, kernels: crf.kernels, factors: crf.factors, iterations: options.iterations,
        keepsEnergies: options.keepsEnergies),
      let last = found.states.last
    {
      marginals = last
      record = .marginals(found.states.dropLast())
      keptEnergies = found.energies
      return
    }
    var state = UpdateState(energies, crf)
    let interval = max(1, Int(Double(options.iterations).squareRoot().rounded(.up)))
    var kept: [Field] = []
    for step in 0..<options.iterations {
      if !options.recomputes {
        kept.append(state.marginals)
      } else if step % interval == 0 {
        kept.append(state.current)
      }
      state.update(energies, crf, damping: options.damping)
    }
    marginals = state.marginals
    record = options.recomputes ? .energies(kept, interval: interval) : .marginals(kept)
    keptEnergies = options.keepsEnergies ? state.current : nil
  }

  /// −U_T: what the last softmax took, for layers whose output are logits (CRF-RNN).
  ///
  /// - Complexity: O(1) where they are kept or T is 0; else one more update, or all of them where
  ///   they are damped.
  public func finalEnergies() -> Field {
    if let keptEnergies { return keptEnergies }
    guard options.iterations > 0 else { return energies }
    if options.damping == 1 {
      return UpdateState.target(
        energies, crf, after: states(before: options.iterations).last ?? marginals)
    }
    var state = UpdateState(energies, crf)
    for _ in 0..<options.iterations { state.update(energies, crf, damping: options.damping) }
    return state.current
  }

  /// Calls `body` for t = T − 1 … 0 with Qₜ.
  func forEachStateReversed(_ body: (Field) -> Void) {
    var end = options.iterations
    while end > 0 {
      let states = states(before: end)
      for state in states.reversed() { body(state) }
      end -= states.count
    }
  }

  /// Qₜ of the steps before `end`, as many as are at hand together.
  private func states(before end: Int) -> [Field] {
    switch record {
    case .marginals(let all): return Array(all[..<end])
    case .energies(let kept, let interval):
      let first = (end - 1) / interval
      var state = UpdateState(current: kept[first], crf)
      var states = [state.marginals]
      for _ in first * interval + 1..<max(end, first * interval + 1) {
        state.update(energies, crf, damping: options.damping)
        states.append(state.marginals)
      }
      return states
    }
  }

  /// Q₀ … Q_T, where all of them are kept.
  var allMarginals: [Field]? {
    guard case .marginals(let states) = record else { return nil }
    return states + [marginals]
  }
}

/// One state of mean field on its way.
struct UpdateState<Arithmetic: LearningArithmetic> {
  /// −U.
  private(set) var current: Arithmetic.Field
  /// softmax(U).
  private(set) var marginals: Arithmetic.Field

  /// U₀ = −θ.
  init(_ energies: Arithmetic.Field, _ crf: DifferentiableCRF<Arithmetic>) {
    self.init(current: energies, crf)
  }

  init(current: Arithmetic.Field, _ crf: DifferentiableCRF<Arithmetic>) {
    self.current = current
    marginals = Arithmetic.Field(points: current.points, channels: current.channels)
    crf.arithmetic.softmax(ofNegative: current, into: &marginals)
  }

  mutating func update(
    _ energies: Arithmetic.Field, _ crf: DifferentiableCRF<Arithmetic>, damping: Double
  ) {
    let target = Self.target(energies, crf, after: marginals)
    if damping == 1 {
      current = target
    } else {
      crf.arithmetic.mix(
        target, by: .init(damping), into: &current, keeping: .init(1 - damping))
    }
    crf.arithmetic.softmax(ofNegative: current, into: &marginals)
  }

  /// θ + Σₘ Cₘ·K'ₘQ.
  static func target(
    _ energies: Arithmetic.Field, _ crf: DifferentiableCRF<Arithmetic>,
    after marginals: Arithmetic.Field
  ) -> Arithmetic.Field {
    var sum = energies
    var message = Arithmetic.Field(points: energies.points, channels: energies.channels)
    for (kernel, factors) in zip(crf.kernels, crf.factors) {
      kernel.apply(to: marginals, into: &message)
      crf.arithmetic.addProduct(factors, of: message, to: &sum)
    }
    return sum
  }
}
