import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Gradients against central differences, in float64 over all pairs.
@Suite struct LearningDifferenceTests {
  /// A loss of everything that can be learned, on a scene of 5 × 4 points and 3 labels.
  struct Problem {
    static let grid = GridShape(width: 5, height: 4)
    static let labels = 3

    var unary = random(grid.count * labels, seed: 1).map { 2 * $0 }
    var image = random(grid.count * 3, seed: 2).map { 40 * $0 }
    var positionSigmas = [1.3, 1.9]
    var bilateralSigmas = [3.0, 2.5, 14, 18, 22]
    var transform = [1.1, -0.2, 0.3, 0.9]
    var weight = 1.4
    var matrix = random(labels * labels, seed: 3).map { 2 * $0 - 1 }
    var normalization = Normalization.symmetric
    var selfTerm = SelfTerm.included
    var damping = 1.0
    var iterations = 3
    let upstream = random(grid.count * labels, seed: 4)

    func crf() throws -> DifferentiableCRF<AllPairsArithmetic> {
      try DifferentiableCRF(
        points: Self.grid.count, labelCount: Self.labels,
        terms: [
          LearnedTerm(
            .positions(on: Self.grid, bandwidths: positionSigmas, transform: transform),
            compatibility: .potts(weight), normalization: normalization, selfTerm: selfTerm),
          LearnedTerm(
            .bilateral(
              on: Self.grid, image: image, channels: 3, bandwidths: bilateralSigmas),
            compatibility: .unsymmetric(matrix), normalization: normalization, selfTerm: selfTerm),
        ], arithmetic: AllPairsArithmetic(parallelism: .serial))
    }

    func inference() throws -> RecordedInference<AllPairsArithmetic> {
      try crf().forward(
        DoubleField(points: Self.grid.count, channels: Self.labels, planes: unary),
        UpdateOptions(iterations: iterations, damping: damping))
    }

    func loss() throws -> Double {
      zip(upstream, try inference().marginals.planes()).reduce(0) { $0 + $1.0 * $1.1 }
    }

    func gradient() throws -> CRFGradient<DoubleField> {
      try inference().gradient(
        of: DoubleField(points: Self.grid.count, channels: Self.labels, planes: upstream))
    }

    /// The slope of the loss along one number.
    func difference(
      _ path: WritableKeyPath<Problem, Double>, step: Double = 1e-5
    ) throws -> Double {
      var (above, below) = (self, self)
      above[keyPath: path] += step
      below[keyPath: path] -= step
      return (try above.loss() - below.loss()) / (2 * step)
    }

    static func random(_ count: Int, seed: UInt64) -> [Double] {
      var state = seed
      return (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 33) / Double(1 << 31)
      }
    }
  }

  /// Differences are off by step²/6 times the third derivative, and by 1e-16 / step: about 1e-9 of
  /// the loss, of gradients near 0.1.
  private static let tolerance = 2e-6

  @Test(
    "every kind of parameter, for every normalisation and self term",
    arguments: Normalization.allCases, SelfTerm.allCases)
  func parameters(normalization: Normalization, selfTerm: SelfTerm) throws {
    var problem = Problem()
    problem.normalization = normalization
    problem.selfTerm = selfTerm
    // Without normalisation messages are as large as there are neighbours.
    if normalization == .none {
      problem.weight = 0.1; problem.matrix = problem.matrix.map { $0 / 9 }
    }
    try check(problem)
  }

  @Test("damped updates", arguments: [0.3, 0.8])
  func damped(damping: Double) throws {
    var problem = Problem()
    problem.damping = damping
    try check(problem)
  }

  @Test("no update, and one", arguments: [0, 1])
  func few(iterations: Int) throws {
    var problem = Problem()
    problem.iterations = iterations
    try check(problem)
  }

  private func check(_ problem: Problem) throws {
    let gradient = try problem.gradient()
    let unary = try #require(gradient.unary).planes()
    let image = try #require(gradient.image)
    let (first, second) = (gradient.terms[0], gradient.terms[1])
    func compare(
      _ name: String, _ found: [Double], step: Double = 1e-5,
      _ path: (Int) -> WritableKeyPath<Problem, Double>
    ) throws {
      let differences = try found.indices.map {
        try problem.difference(path($0), step: step)
      }
      let scale = differences.reduce(1e-3) { max($0, abs($1)) }
      for (index, difference) in differences.enumerated() {
        #expect(
          abs(found[index] - difference) <= Self.tolerance * scale,
          "\(name) \(index): \(found[index]), by differences \(difference)")
      }
    }
    try compare("unary", unary) { \.unary[$0] }
    // Colours: steps a thousandth of their range.
    try compare("image", image, step: 1e-3) { \.image[$0] }
    try compare("weight", try #require(first.weights)) { _ in \.weight }
    try compare("matrix", try #require(second.weights)) { \.matrix[$0] }
    try compare("σ of positions", try #require(first.bandwidths)) { \.positionSigmas[$0] }
    try compare("σ", try #require(second.bandwidths)) { \.bilateralSigmas[$0] }
    try compare("P", try #require(first.transform)) { \.transform[$0] }
  }

  @Test("two points by hand: the gradient by a Potts weight and by an energy")
  func byHand() throws {
    // Q = (σ(x), 1 − σ(x)) at both; the message to a point is the other's Q, so that with
    // z = θ₁ − θ₀ + w(2q − 1), q = σ(z₀): dq/dw = q'(z)·(2q₀ − 1).
    let features = try LearnedFeatures(rows: [0, 0], dimensions: 1)
    let crf = try DifferentiableCRF(
      points: 2, labelCount: 2,
      terms: [
        LearnedTerm(
          features, compatibility: .potts(1.5), normalization: .after,
          selfTerm: .excludedBeforeNormalization)
      ], arithmetic: AllPairsArithmetic())
    let energies = DoubleField(points: 2, channels: 2, planes: [0, 0, 0.4, 0.4])
    let inference = crf.forward(energies, UpdateOptions(iterations: 1))
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exponential(-x)) }
    let start = sigmoid(0.4)
    let end = sigmoid(0.4 + 1.5 * (2 * start - 1))
    #expect(abs(inference.marginals[0, 0] - end) < 1e-14)
    let gradient = inference.gradient(
      of: DoubleField(points: 2, channels: 2, planes: [1, 0, 0, 0]))
    let slope = end * (1 - end)
    let weight = try #require(gradient.terms[0].weights?.first)
    #expect(abs(weight - slope * (2 * start - 1)) < 1e-14)
    let unary = try #require(gradient.unary)
    // By its own energy at once, by the other's through the message.
    #expect(abs(unary[0, 0] + slope) < 1e-14)
    #expect(abs(unary[1, 0] + slope * 1.5 * 2 * start * (1 - start)) < 1e-14)
  }

  @Test("at a fixed point no history is needed")
  func implicit() throws {
    var problem = Problem()
    problem.weight = 0.4
    problem.matrix = problem.matrix.map { 0.3 * $0 }
    problem.iterations = 80
    let inference = try problem.inference()
    let upstream = DoubleField(
      points: Problem.grid.count, channels: Problem.labels, planes: problem.upstream)
    let unrolled = inference.gradient(of: upstream)
    let implicit = inference.implicitGradient(of: upstream, tolerance: 1e-14)
    // Updates shrink differences by half at least: after 80 nothing but rounding is left.
    func compare(_ found: [Double]?, _ expected: [Double]?) throws {
      #expect(relativeDifference(try #require(found), try #require(expected)) < 1e-11)
    }
    try compare(implicit.unary?.planes(), unrolled.unary?.planes())
    try compare(implicit.image, unrolled.image)
    for (a, b) in zip(implicit.terms, unrolled.terms) {
      try compare(a.weights, b.weights)
      try compare(a.bandwidths, b.bandwidths)
    }
  }

  @Test("states that are computed again are the same")
  func recomputed() throws {
    for iterations in [1, 2, 5, 9] {
      let crf = try Problem().crf()
      let energies = DoubleField(
        points: Problem.grid.count, channels: Problem.labels, planes: Problem().unary)
      let upstream = DoubleField(
        points: Problem.grid.count, channels: Problem.labels, planes: Problem().upstream)
      let gradients = [false, true].map { recomputes in
        crf.forward(
          energies,
          UpdateOptions(iterations: iterations, damping: 0.7, recomputes: recomputes)
        ).gradient(of: upstream)
      }
      #expect(gradients[0].unary?.planes() == gradients[1].unary?.planes())
      #expect(gradients[0].image == gradients[1].image)
    }
  }

  @Test("what is not wanted is not there")
  func wanted() throws {
    let inference = try Problem().inference()
    let upstream = DoubleField(
      points: Problem.grid.count, channels: Problem.labels, planes: Problem().upstream)
    let all = inference.gradient(of: upstream)
    let some = inference.gradient(of: upstream, wanted: [.unary, .bandwidths])
    #expect(some.unary?.planes() == all.unary?.planes())
    #expect(some.terms[1].bandwidths == all.terms[1].bandwidths)
    #expect(some.image == nil && some.terms[1].weights == nil && some.terms[1].features == nil)
    let weights = inference.gradient(of: upstream, wanted: .weights)
    #expect(weights.unary == nil && weights.terms[0].weights != nil)
  }

  @Test("weights that do not fit into the budget are computed again, to the same bits")
  func budget() throws {
    var results: [[Double]] = []
    for budget in [0, 1 << 20] {
      let problem = Problem()
      let crf = try DifferentiableCRF(
        points: Problem.grid.count, labelCount: Problem.labels, terms: problem.crf().terms,
        arithmetic: AllPairsArithmetic(memoryBudget: budget))
      results.append(
        crf.forward(
          DoubleField(points: Problem.grid.count, channels: Problem.labels, planes: problem.unary)
        ).marginals.planes())
    }
    #expect(results[0] == results[1])
  }
}
