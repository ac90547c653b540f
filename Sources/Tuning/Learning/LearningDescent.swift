import LatticeSupport

/// The way down, step by step, with what the images held out say of each.
final class LearningDescent: MinimizedFunction {
  private let space: LearningSpace
  private let memory: LossMemory
  private let options: LearningOptions
  private let hasHeldOut: Bool
  private let bounds: BoundedNumbers
  private let progress: (LearningOutcome.Step) -> Void
  private(set) var curve: [LearningOutcome.Step] = []
  /// What is made small at each step: the loss, and how far the numbers have come.
  private var objectives: [Double] = []
  private var evaluations = 0
  /// Why it was ended; `nil` while it was not.
  private(set) var ending: LearningOutcome.Ending?

  /// Over so many steps…
  private static let window = 5
  /// … the objective must fall by more than this share of itself.
  private static let least = 1e-5

  init(
    _ space: LearningSpace, _ memory: LossMemory, _ options: LearningOptions, hasHeldOut: Bool,
    progress: @escaping (LearningOutcome.Step) -> Void
  ) {
    self.space = space
    self.memory = memory
    self.options = options
    self.hasHeldOut = hasHeldOut
    bounds = BoundedNumbers(space.bounds)
    self.progress = progress
  }

  /// Goes down.
  func run() throws -> LearningOutcome.Ending {
    let start = bounds.free(space.start)
    guard try accept(start) else { return ending ?? .converged }
    let ended = try LBFGS(iterations: options.iterations).minimize(self, from: start)
    return switch ended {
    case .converged: .converged
    case .exhausted: .iterations
    case .stopped: ending ?? .converged
    case .stalled: .lineSearch
    }
  }

  /// The step to take: the last, or the best for the images held out where they decide.
  var taken: Int {
    guard hasHeldOut, options.patience != nil else { return curve.count - 1 }
    return curve.indices.min { heldOutLoss($0) < heldOutLoss($1) } ?? 0
  }

  private func heldOutLoss(_ step: Int) -> Double { curve[step].heldOut?.loss ?? .infinity }

  func evaluate(_ place: [Double]) throws -> (value: Double, gradient: [Double]) {
    let numbers = bounds.bounded(place)
    evaluations += 1
    let measure = try memory.measure(numbers, part: Learner.learnedFrom, hasGradient: true)
    let start = space.start
    let gradient = measure.gradient.indices.map {
      measure.gradient[$0] + options.l2 * (numbers[$0] - start[$0])
    }
    return (
      measure.loss + penalty(numbers), bounds.freeGradient(gradient, at: place)
    )
  }

  private func penalty(_ numbers: [Double]) -> Double {
    zip(numbers, space.start).reduce(0) {
      $0 + options.l2 / 2 * ($1.0 - $1.1) * ($1.0 - $1.1)
    }
  }

  func accept(_ place: [Double]) throws -> Bool {
    let numbers = bounds.bounded(place)
    let training = try memory.measure(numbers, part: Learner.learnedFrom, hasGradient: true)
    let heldOut =
      try hasHeldOut
      ? memory.measure(numbers, part: Learner.heldOut, hasGradient: false) : nil
    func figures(_ measure: LossMeasure) -> LearningOutcome.Figures {
      LearningOutcome.Figures(loss: measure.loss, confusion: measure.confusion)
    }
    let step = LearningOutcome.Step(
      evaluations: evaluations, values: zip(space.parameters, numbers).map { $0.value($1) },
      training: figures(training), heldOut: heldOut.map(figures))
    curve.append(step)
    objectives.append(training.loss + penalty(numbers))
    progress(step)
    ending = reason()
    return ending == nil
  }

  /// Why to end here; `nil` to go on.
  private func reason() -> LearningOutcome.Ending? {
    if let patience = options.patience, hasHeldOut, curve.count - 1 - taken >= patience {
      return .heldOut
    }
    let last = objectives.count - 1
    guard last >= Self.window else { return nil }
    let fall = objectives[last - Self.window] - objectives[last]
    return fall <= Self.least * abs(objectives[last]) ? .converged : nil
  }
}
