import CKernels
import LatticeSupport

/// Moves parameters against their gradients, and remembers what its rule needs from step to step.
struct Optimizer {
  let settings: OptimizerSettings
  /// For each parameter of the network what the rule remembers; empty for those that are not
  /// learned.
  private(set) var memories: [[ParameterValues]]
  private let factors: [(rate: Double, decay: Double)]

  /// Values in a piece of work.
  private static let grain = 1 << 16

  /// - Parameters:
  ///   - settings: the rule and its numbers.
  ///   - network: whose parameters are moved.
  ///   - isLearned: for each of its parameters, whether it is.
  init(_ settings: OptimizerSettings, network: Network, isLearned: [Bool]) {
    precondition(settings.hasTwoBetas, "betas of \(settings.betas)")
    self.settings = settings
    let last = network.lastLayers
    var factors: [(rate: Double, decay: Double)] = []
    for (index, node) in network.nodes.enumerated() {
      for parameter in node.layer.parameters {
        let (rate, decay) = settings.factors(of: parameter.role, isLast: last.contains(index))
        factors.append((rate * parameter.rate, decay))
      }
    }
    self.factors = factors
    memories = zip(network.parameters, isLearned).map { parameter, isLearned in
      (0..<(isLearned ? settings.rule.memories : 0)).map { _ in
        ParameterValues(
          shape: parameter.specification.shape,
          storage: AlignedBuffer(zeros: parameter.specification.count))
      }
    }
  }

  /// Takes back what was remembered, which must have the shapes of `memories` and be shared with
  /// nothing.
  mutating func restore(_ saved: [[ParameterValues]]) {
    precondition(
      saved.map { $0.map(\.shape) } == memories.map { $0.map(\.shape) },
      "the memories of another network or rule")
    memories = saved
  }

  /// Changes the parameters in their memory.
  ///
  /// - Parameters:
  ///   - parameters: the network's, in its order.
  ///   - gradients: for each of them, where there is one.
  ///   - rate: the learning rate of this step.
  ///   - step: the step's number, from 0 on.
  ///   - parallelism: the threads to use.
  func apply(
    to parameters: [ParameterValues], _ gradients: ParameterGradients, rate: Double, step: Int,
    parallelism: Parallelism
  ) {
    let pieces = parameters.indices.flatMap { index -> [(parameter: Int, range: Range<Int>)] in
      guard gradients.values[index] != nil else { return [] }
      let count = parameters[index].count
      return stride(from: 0, to: count, by: Self.grain).map {
        (index, $0..<min(count, $0 + Self.grain))
      }
    }
    parallelism.forEach(pieces.count) { piece in
      let (index, range) = pieces[piece]
      guard let gradient = gradients.values[index] else { return }
      move(
        parameters[index].storage.base + range.lowerBound,
        gradient.storage.base + range.lowerBound, memories[index], range, factors[index],
        rate: rate, step: step)
    }
  }

  private func move(
    _ values: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>,
    _ memories: [ParameterValues], _ range: Range<Int>, _ factors: (rate: Double, decay: Double),
    rate: Double, step: Int
  ) {
    let ownRate = Float(rate * factors.rate)
    let decay = Float(settings.weightDecay * factors.decay)
    let first = memories[0].storage.base + range.lowerBound
    switch settings.rule {
    case .sgd, .caffeSGD:
      ck_descend(
        values, gradient, first, range.count, ownRate, Float(settings.momentum), decay,
        settings.rule == .caffeSGD ? 1 : 0)
    case .adamW:
      let second = memories[1].storage.base + range.lowerBound
      func correction(_ beta: Double) -> Float {
        Float(1 - exponential(Double(step + 1) * logarithm(beta)))
      }
      var adam = ck_adam(
        rate: ownRate, decay: decay, first_keep: Float(settings.betas[0]),
        second_keep: Float(settings.betas[1]), first_correction: correction(settings.betas[0]),
        second_correction: correction(settings.betas[1]), epsilon: Float(settings.epsilon))
      ck_adam_step(values, gradient, first, second, range.count, &adam)
    }
  }
}

extension Network {
  /// The layers with something to learn between which and a result there is no other such layer;
  /// layers that refine scores do not count.
  var lastLayers: Set<Int> {
    var last: Set<Int> = []
    var isReached = [Bool](repeating: false, count: nodes.count)
    for case .node(let output) in outputs.map(\.source) { isReached[output] = true }
    for (index, node) in nodes.enumerated().reversed() where isReached[index] {
      if node.layer.parameters.contains(where: { $0.isLearned && $0.role != .refinement }) {
        last.insert(index)
        continue
      }
      for case .node(let input) in node.inputs { isReached[input] = true }
    }
    return last
  }
}
