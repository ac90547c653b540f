/// How mean field inference runs, and when it ends.
public struct InferenceOptions: Sendable, Hashable {
  /// The most updates; at least 0.
  public var iterations: Int {
    didSet { Self.check(iterations) }
  }
  /// Inference ends once no marginal changes by as much as this in an update; 0 goes on to the
  /// last. Solvers other than `parallel` end once the gap (`UpdateRecord.gap`) of a point is
  /// below it, on average, where they know one: damped marginals may change little and yet be far
  /// from their end.
  public var tolerance: Float
  /// How mean field is solved.
  public var solver: Solver
  /// Whether `DenseCRF.Inference.trace` has parallel updates too, which costs a filtering; it
  /// always has those of other solvers.
  public var notesEnergies = false

  /// Ten updates, parallel unless another solver is given, as in the papers.
  ///
  /// - Parameters:
  ///   - iterations: at least 0; 0 gives softmax(−θ).
  ///   - tolerance: ends inference early once no marginal changes by as much; 0 never does.
  ///   - solver: how mean field is solved.
  public init(iterations: Int = 10, tolerance: Float = 0, solver: Solver = .parallel) {
    Self.check(iterations)
    self.solver = solver
    self.iterations = iterations
    self.tolerance = tolerance
  }

  private static func check(_ iterations: Int) {
    precondition(iterations >= 0, "\(iterations) iterations")
  }
}
