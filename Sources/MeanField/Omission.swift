import Lattice
import LatticeSupport

/// What a filter's skipped pairs can change in the messages of one term.
struct Omission: Sendable {
  /// The share of pairs that is evaluated, 0…1.
  let evaluatedShare: Double
  /// Pairs are skipped where their weights are below this.
  let threshold: Double
  /// The most that a point's n = K·1 lacks.
  let mass: Double
  /// The same as a share of n.
  let relativeMass: Double
  /// For each point, the most that any channel of its message can be off, whatever the marginals.
  let messageErrors: AlignedBuffer<Float>

  /// `nil` where `filter` evaluates every pair.
  ///
  /// K = K′ + Δ is the exact matrix, K′ the evaluated one, n and n′ = `sums` their row sums. With
  /// εᵢ = (Δ·1)ᵢ/n′ᵢ the true factors are a*ⱼ = aⱼ(1 + εⱼ)^−α for values and b*ᵢ = bᵢ(1 + εᵢ)^−β
  /// for sums (α, β ∈ {0, ½, 1} by the normalisation), not larger than the computed a and b. Then
  /// the true message less the computed one is, for marginals in 0…1,
  /// - at most bᵢ(Δ·a)ᵢ: what is missing;
  /// - at least −bᵢ(β·εᵢ(K′a)ᵢ + α(K′(aε))ᵢ): what normalisers that are too small give in excess.
  ///
  /// A self term that is left out takes the same from both sums.
  init?(
    _ filter: any GaussianFilter, normalization: Normalization, sums: AlignedBuffer<Float>?,
    parallelism: Parallelism
  ) {
    guard filter.evaluatedShare < 1 else { return nil }
    evaluatedShare = filter.evaluatedShare
    threshold = filter.threshold
    let ones = [Float](repeating: 1, count: filter.points)
    let missing = filter.skippedMass(ofMagnitudes: ones)
    // Where n′ is unknown it is at least 1, a point's own weight.
    let shares = missing.indices.map { missing[$0] / Double(max(sums?[$0] ?? 1, 1e-20)) }
    mass = missing.max() ?? 0
    relativeMass = shares.max() ?? 0

    let scales = normalization.scales(
      from: sums ?? AlignedBuffer(copying: ones), parallelism: parallelism)
    let input = scales.input.map { scale in ones.indices.map { scale[$0] } } ?? ones
    let absent = filter.skippedMass(ofMagnitudes: input)
    let (alpha, beta) = normalization.exponents
    // 1 − (1 + ε)^−α ≤ min(1, αε), and α·2 ≥ 1.
    let excess = shares.map { Float(min($0, 2)) }
    let rows = excess.indices.flatMap { [input[$0], alpha * input[$0] * excess[$0]] }
    let filtered = filter.apply(
      to: ChannelField(points: filter.points, channels: 2, rows: rows))
    messageErrors = AlignedBuffer(
      copying: excess.indices.map { point in
        let surplus = beta * excess[point] * filtered[point, 0] + filtered[point, 1]
        return Self.roundedUp
          * (scales.output?[point] ?? 1) * max(Float(absent[point]), surplus)
      })
  }

  /// Covers the rounding of the bounds themselves.
  private static let roundedUp: Float = 1.001
}

extension Normalization {
  /// The powers of 1/n that values and sums are multiplied with.
  fileprivate var exponents: (input: Float, output: Float) {
    switch self {
    case .none: (0, 0)
    case .before: (1, 0)
    case .after: (0, 1)
    case .symmetric: (0.5, 0.5)
    }
  }
}
