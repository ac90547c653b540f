/// How mean field is solved: what becomes of Q in an update, given g(Q) = θ + Σₘ μₘ(K'ₘ·Q).
///
/// All begin with softmax(−θ). The free energy is F(Q) = ⟨θ, Q⟩ + ½⟨Q, g(Q) − θ⟩ + ⟨Q, log Q⟩,
/// the relaxed energy R(Q) is F without the entropy. With κ, the most that R bends upwards at a
/// point (see `Curvature`), an update never raises what is named here, as far as the filters are
/// symmetric.
public enum Solver: Sendable, Hashable {
  /// Q ← softmax(−g), all points at once (Krähenbühl & Koltun 2011, algorithm 1). Lowers F where
  /// κ ≤ 2 everywhere, and may end above its start where it is not.
  case parallel
  /// log Q ← (1 − s) log Q − s·g with s = min(1, 4/(2 + κ)) at each point: `parallel` wherever
  /// that is safe. Never raises F.
  case safe
  /// The same with one s for all points (Baqué, Bagautdinov, Fleuret & Fua 2016). Lowers F where
  /// s ≤ 4/(2 + κ).
  case damped(Damping)
  /// The concave–convex procedure (Krähenbühl & Koltun 2013): F without its concave part is
  /// minimised exactly, at each point log q + κq = κQ − g − λ. Never raises F; where the filters
  /// are not symmetric and it rises after all, the update is damped.
  case convergent
  /// Q ← Q + α(v − Q) towards the best of the simplex by the tangent and a regulariser (Lê-Huu &
  /// Alahari 2021).
  case frankWolfe(Regularizer, step: LineStep)
  /// Q ← the point of the simplex nearest to Q − g/κ: the proximal step of the concave relaxation
  /// (Desmaison et al. 2016). Never raises R; has no entropy, so that its marginals are nearly
  /// labels.
  case concave

  /// How far a damped update goes.
  public enum Damping: Sendable, Hashable {
    /// s in every update, above 0, up to 1.
    case constant(Float)
    /// s = first/(1 + t·first) in update t = 0, 1, …: ½, ⅓, … from ½ on, so that log Q is the
    /// mean of all −g. A first step of 1 is a parallel one, which may raise F.
    case harmonic(first: Float)
  }

  /// What keeps Frank–Wolfe's aims inside the simplex.
  public enum Regularizer: Sendable, Hashable {
    /// ⟨Q, log Q⟩: F is lowered, and α = 1 is `parallel`.
    case entropy
    /// (ρ/2)|Q|²: R + (ρ/2)|Q|² is lowered, and zeros are exact.
    case euclidean(Float)
  }

  /// How far a Frank–Wolfe update goes.
  public enum LineStep: Sendable, Hashable {
    /// To the least along the line.
    case exact
    /// α, above 0, up to 1: nothing is promised.
    case fixed(Float)
  }

  /// Whether g is the gradient of R: `parallel` and `damped` take K' as it is, of which their
  /// fixed points are; `safe` leaves filters that are nearly symmetric as they are, too.
  var symmetry: EnergyGradient.Symmetry {
    switch self {
    case .parallel, .damped: .given
    case .safe: .normalized
    case .convergent, .frankWolfe, .concave: .full
    }
  }

  /// s, where updates of one s at all points can be differentiated; 1 for parallel ones.
  package var damping: Double? {
    switch self {
    case .parallel: 1
    case .damped(.constant(let step)): Double(step)
    default: nil
    }
  }

  /// Whether marginals may be 0, where log Q and the gap are not defined.
  var hasZeros: Bool {
    switch self {
    case .frankWolfe(.euclidean, _), .concave: true
    default: false
    }
  }
}
