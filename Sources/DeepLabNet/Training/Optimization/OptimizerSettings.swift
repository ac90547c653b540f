/// How gradients move parameters.
public struct OptimizerSettings: Sendable, Hashable, Codable {
  /// A rule. With g the gradient and the decay of the weights together:
  public enum Rule: String, Sendable, Codable, CaseIterable {
    /// v ← momentum · v + g, w ← w − rate · v: PyTorch's momentum.
    case sgd
    /// v ← momentum · v + rate · g, w ← w − v: Caffe's, which differs where the rate changes.
    case caffeSGD = "caffe-sgd"
    /// Loshchilov & Hutter (2019), arXiv:1711.05101, algorithm 2.
    case adamW = "adamw"

    /// Values that the rule remembers for each one of a parameter.
    var memories: Int { self == .adamW ? 2 : 1 }
  }

  /// The rule.
  public var rule: Rule
  /// Of SGD: 0 or more and below 1.
  public var momentum: Double
  /// How fast weights shrink by themselves: 0 or more.
  public var weightDecay: Double
  /// AdamW's averages of gradients and of their squares keep these shares: two, of 0 or more and
  /// below 1.
  public var betas: [Double]
  /// AdamW's ε, above 0.
  public var epsilon: Double
  /// Multiplies the rate of biases.
  public var biasRate: Double
  /// Multiplies the decay of biases.
  public var biasDecay: Double
  /// Multiplies the decay of batch normalisations' scales and shifts.
  public var normalizationDecay: Double
  /// Multiplies the rate of the weights of the layers that give the scores.
  public var lastRate: Double
  /// Multiplies the rate of the biases of the layers that give the scores.
  public var lastBiasRate: Double

  /// - Parameters:
  ///   - rule: the rule.
  ///   - momentum: of SGD.
  ///   - weightDecay: how fast weights shrink by themselves.
  ///   - betas: AdamW's two, of 0 or more and below 1.
  ///   - epsilon: AdamW's ε.
  ///   - biasRate: multiplies the rate of biases.
  ///   - biasDecay: multiplies the decay of biases.
  ///   - normalizationDecay: multiplies the decay of normalisations.
  ///   - lastRate: multiplies the rate of the last layers' weights.
  ///   - lastBiasRate: multiplies the rate of the last layers' biases.
  public init(
    _ rule: Rule, momentum: Double = 0.9, weightDecay: Double = 5e-4,
    betas: [Double] = [0.9, 0.999], epsilon: Double = 1e-8, biasRate: Double = 1,
    biasDecay: Double = 1, normalizationDecay: Double = 1, lastRate: Double = 1,
    lastBiasRate: Double = 1
  ) {
    self.rule = rule
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.betas = betas
    self.epsilon = epsilon
    self.biasRate = biasRate
    self.biasDecay = biasDecay
    self.normalizationDecay = normalizationDecay
    self.lastRate = lastRate
    self.lastBiasRate = lastBiasRate
    precondition(hasTwoBetas, "betas of \(betas)")
  }

  /// Whether AdamW can be done with them.
  package var hasTwoBetas: Bool { betas.count == 2 && betas.allSatisfy { (0..<1).contains($0) } }

  /// What a parameter's rate and decay are multiplied by.
  func factors(
    of role: ParameterSpecification.Role, isLast: Bool
  ) -> (rate: Double, decay: Double) {
    switch role {
    case .bias: (isLast ? lastBiasRate : biasRate, biasDecay)
    case .normalizationScale, .normalizationShift: (1, normalizationDecay)
    case .refinement: (1, 0)
    default: (isLast ? lastRate : 1, 1)
    }
  }
}
