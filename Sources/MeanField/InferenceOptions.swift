/// How mean field inference runs, and when it ends.
public struct InferenceOptions: Sendable, Hashable {
  /// The most updates; at least 0.
  public var iterations: Int {
    didSet { Self.check(iterations) }
  }
  /// Inference ends once no marginal changes by as much as this in an update; 0 goes on to the
  /// last.
  public var tolerance: Float

  /// Ten parallel updates, as in the papers.
  ///
  /// - Parameters:
  ///   - iterations: at least 0; 0 gives softmax(−θ).
  ///   - tolerance: ends inference early once no marginal changes by as much; 0 never does.
  public init(iterations: Int = 10, tolerance: Float = 0) {
    Self.check(iterations)
    self.iterations = iterations
    self.tolerance = tolerance
  }

  private static func check(_ iterations: Int) {
    precondition(iterations >= 0, "\(iterations) iterations")
  }
}
