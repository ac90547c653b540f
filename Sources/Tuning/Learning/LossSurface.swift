import Evaluation
import LatticeSupport
import MeanField
import Unaries

/// What numbers are worth on some images.
struct LossMeasure: Sendable, Equatable {
  /// The mean over images; less is better.
  var loss: Double
  /// By the numbers; empty where it was not asked for.
  var gradient: [Double]
  /// What the likeliest labels come to at the points that were looked at.
  var confusion: ConfusionMatrix
}

/// The loss of a CRF on images as a function of the numbers that are learned.
protocol LossSurface: Sendable {
  /// - Parameters:
  ///   - numbers: as the minimiser has them.
  ///   - part: the part of the images, which has one with labels.
  ///   - hasGradient: whether the gradient is wanted.
  func measure(_ numbers: [Double], part: Int, hasGradient: Bool) throws -> LossMeasure
}

/// The loss by one arithmetic.
///
/// Every image is computed by itself and their sums are added in the order of the images, in
/// double, so that results do not depend on the number of threads.
struct ExampleLoss<Arithmetic: LearningArithmetic>: LossSurface {
  private let space: LearningSpace
  private let examples: [LearningExample<Arithmetic.Field>]
  private let parts: [Int]
  private let loss: LearningObjective
  private let arithmetic: @Sendable (Parallelism) -> Arithmetic
  private let parallelism: Parallelism
  /// The CRFs, where they are kept: bandwidths then stay.
  private let kept: [DifferentiableCRF<Arithmetic>]?

  init(
    _ examples: [LearningExample<Arithmetic.Field>], parts: [Int], space: LearningSpace,
    loss: LearningObjective, keepsFilters: Bool, parallelism: Parallelism,
    arithmetic: @escaping @Sendable (Parallelism) -> Arithmetic
  ) throws {
    self.space = space
    self.examples = examples
    self.parts = parts
    self.loss = loss
    self.arithmetic = arithmetic
    self.parallelism = parallelism
    let start = space.start
    kept =
      keepsFilters
      ? try Self.map(examples.count, parallelism) { index, inner in
        try Self.crf(examples[index], space, start, arithmetic(inner))
      } : nil
  }

  /// One image for each thread; the threads left over work within images.
  private static func map<Element>(
    _ count: Int, _ parallelism: Parallelism, _ body: (Int, Parallelism) throws -> Element
  ) throws -> [Element] {
    let workers = max(1, min(parallelism.threads, count))
    let inner = Parallelism(threads: max(1, parallelism.threads / workers))
    return try Parallelism(threads: workers).map(count) { try body($0, inner) }
  }

  private static func crf(
    _ example: LearningExample<Arithmetic.Field>, _ space: LearningSpace, _ numbers: [Double],
    _ arithmetic: Arithmetic
  ) throws -> DifferentiableCRF<Arithmetic> {
    let compatibilities = space.compatibilities(numbers)
    let terms = try example.terms.enumerated().map { index, term in
      LearnedTerm(
        try term.divided(by: space.bandwidths(ofTerm: index, numbers)),
        compatibility: compatibilities[index],
        normalization: space.base.terms[index].normalization,
        selfTerm: space.base.terms[index].selfTerm)
    }
    return try DifferentiableCRF(
      points: example.energies.points, labelCount: space.labelCount, terms: terms,
      arithmetic: arithmetic)
  }

  func measure(_ numbers: [Double], part: Int, hasGradient: Bool) throws -> LossMeasure {
    let places = examples.indices.filter { parts[$0] == part && examples[$0].hasTruth }
    precondition(!places.isEmpty, "part \(part) has no labelled points")
    let measures = try Self.map(places.count, parallelism) { index, inner in
      try measure(examples: places[index], numbers, hasGradient, inner)
    }
    var sum = measures[0]
    for measure in measures.dropFirst() {
      sum.loss += measure.loss
      for (place, slope) in measure.gradient.enumerated() { sum.gradient[place] += slope }
      sum.confusion += measure.confusion
    }
    let count = Double(measures.count)
    return LossMeasure(
      loss: sum.loss / count, gradient: sum.gradient.map { $0 / count }, confusion: sum.confusion)
  }

  private func measure(
    examples index: Int, _ numbers: [Double], _ hasGradient: Bool, _ parallelism: Parallelism
  ) throws -> LossMeasure {
    let example = examples[index]
    let crf =
      try kept?[index].with(compatibilities: space.compatibilities(numbers))
      ?? Self.crf(example, space, numbers, arithmetic(parallelism))
    let inference = crf.forward(
      example.energies,
      UpdateOptions(
        iterations: space.base.iterations, damping: space.base.solver.solver.damping ?? 1))
    let marginals = inference.marginals
    let (value, upstream) = loss.evaluate(marginals, example.truth)
    let sign: Double = loss.isMaximized ? -1 : 1
    var measure = LossMeasure(
      loss: sign * value, gradient: [],
      confusion: try Self.confusion(marginals, example.truth))
    guard hasGradient else { return measure }
    let learnsBandwidths = kept == nil && space.learnsBandwidths
    let gradient = inference.gradient(
      of: upstream, wanted: learnsBandwidths ? [.weights, .bandwidths] : .weights)
    let terms = zip(gradient.terms, example.terms).enumerated().map { place, pair in
      let (gradient, term) = pair
      var bandwidths = [Double](repeating: 0, count: space.candidateCount(ofTerm: place))
      for (owner, slope) in zip(term.owners, gradient.bandwidths ?? []) {
        if let owner { bandwidths[owner] += slope }
      }
      return (weights: gradient.weights ?? [], bandwidths: bandwidths)
    }
    measure.gradient = space.gradient(terms, at: numbers).map { sign * $0 }
    return measure
  }

  private static func confusion(
    _ marginals: Arithmetic.Field, _ truth: [UInt16]
  ) throws -> ConfusionMatrix {
    let labels = marginals.channels
    var counts = [Int64](repeating: 0, count: labels * labels)
    for (point, label) in truth.enumerated() where Int(label) < labels {
      var best = 0
      for other in 1..<max(1, labels) where marginals[point, other] > marginals[point, best] {
        best = other
      }
      counts[Int(label) * labels + best] += 1
    }
    return try ConfusionMatrix(counts: counts)
  }
}
