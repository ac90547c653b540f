import LatticeSupport

/// A way to solve mean field that descriptions can name, and the settings that it takes.
public struct SolverKind: NamedKind {
  /// What messages call it.
  public static let noun = "solver"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Makes the solver that settings describe.
  public let make: @Sendable (Settings) -> Solver

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: what an update does, in a few words.
  ///   - settings: what it takes; none is required.
  ///   - example: a description of one; `nil` for the name alone.
  ///   - make: makes the solver that settings describe.
  public init(
    name: String, summary: String, settings: [Setting] = [], example: String? = nil,
    make: @escaping @Sendable (Settings) -> Solver
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example ?? name
    self.make = make
  }

  /// Every kind by its name; the first is the default.
  public static let registry = Registry<SolverKind>([
    .parallel, .safe, .damped, .convergent, .frankWolfe, .concave,
  ])
}

extension SolverKind {
  /// All points at once.
  public static let parallel = SolverKind(
    name: "parallel", summary: "all points at once, as in the papers"
  ) { _ in .parallel }

  /// As far as is sure to lower the free energy.
  public static let safe = SolverKind(
    name: "safe", summary: "the same, damped where the free energy could rise"
  ) { _ in .safe }

  /// A part of the way in log Q.
  public static let damped = SolverKind(
    name: "damped", summary: "a part of the way, in logarithms",
    settings: [
      Setting(
        "step", .number(.of(0...1, isOpenBelow: true, isOpenAbove: false)),
        "how far each update goes; 1 is parallel",
        default: .number(0.5)),
      Setting(
        "schedule", .choice(["constant", "harmonic"]),
        "harmonic: steps s, s/(1 + s), s/(1 + 2s), …, as in 1/2, 1/3, …",
        default: .choice("constant")),
    ], example: "damped:step=0.5"
  ) { settings in
    let step = Float(settings.number("step") ?? 0.5)
    return .damped(
      settings.text("schedule") == "harmonic" ? .harmonic(first: step) : .constant(step))
  }

  /// The concave–convex procedure.
  public static let convergent = SolverKind(
    name: "convergent", summary: "the concave–convex procedure, whose free energy never rises"
  ) { _ in .convergent }

  /// Along the line to the best by the tangent.
  public static let frankWolfe = SolverKind(
    name: "frank-wolfe", summary: "along a line, to where the free energy is least on it",
    settings: [
      Setting(
        "regularizer", .choice(["entropy", "euclidean"]),
        "what keeps aims from corners: the entropy, or rho times half the square",
        default: .choice("entropy")),
      Setting("rho", .number(.above(0)), "the euclidean regulariser's weight", default: .number(1)),
      Setting(
        "step", .number(.of(0...1, isOpenBelow: true, isOpenAbove: false)),
        "a fixed share of the way, in place of the best one", default: nil),
    ], example: "frank-wolfe:regularizer=euclidean,rho=1"
  ) { settings in
    let regularizer: Solver.Regularizer =
      settings.text("regularizer") == "euclidean"
      ? .euclidean(Float(settings.number("rho") ?? 1)) : .entropy
    return .frankWolfe(
      regularizer, step: settings.number("step").map { .fixed(Float($0)) } ?? .exact)
  }

  /// Projections in place of the softmax.
  public static let concave = SolverKind(
    name: "concave", summary: "the concave relaxation by projections, without entropy"
  ) { _ in .concave }
}

extension Description<SolverKind> {
  /// The solver.
  public var solver: Solver { kind.make(settings) }

  /// What JSON or a text as options have it describes: `damped:step=0.5`.
  ///
  /// - Throws: `InputError` where there is no such solver, or a setting is ill.
  public init(solver json: JSONValue) throws {
    try self.init(
      json.text.map { try JSONValue(description: $0) } ?? json, in: SolverKind.registry)
  }
}
