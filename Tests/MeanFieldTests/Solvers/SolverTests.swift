import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// What solvers promise, over the exact filter and over lattices.
@Suite struct SolverTests {
  /// A small CRF with random kernels, compatibilities, normalisations and self terms.
  private static func random(_ generator: inout SeededGenerator) throws -> DenseCRF {
    func number(_ low: Float, _ high: Float) -> Float {
      low + (high - low) * generator.uniform()
    }
    func choice(_ count: Int) -> Int { min(count - 1, Int(Float(count) * generator.uniform())) }
    let grid = GridShape(width: 5, height: 4)
    let labelCount = 2 + choice(3)
    let image = try Image(
      grid: grid, channels: 3,
      pixels: .bytes((0..<60).map { _ in UInt8(255 * generator.uniform()) }))
    let scale = number(0.1, 4)
    let unary = try EnergyField(
      grid: grid, labelCount: labelCount,
      planes: (0..<20 * labelCount).map { _ in scale * number(-1, 1) })
    let terms = (0...choice(2)).map { _ in
      let kernel: any PairwiseKernel =
        choice(2) == 0
        ? SpatialGaussianKernel(sigma: [number(0.4, 3)])
        : BilateralKernel(spatialSigma: [number(0.5, 5)], colorSigma: [number(20, 200)])
      let normalization = Normalization.allCases[choice(4)]
      // Without normalisation a point has several neighbours' weight.
      let strength: Float = normalization == .none ? 3 : 6
      let compatibility: any LabelCompatibility =
        switch choice(4) {
        case 0: .potts(number(-0.3, 1) * strength)
        case 1: .diagonal((0..<labelCount).map { _ in number(-1, 0.5) * strength })
        default:
          MatrixCompatibility(
            (0..<labelCount * labelCount).map { _ in number(-1, 1) * strength },
            isSymmetrized: choice(2) == 0)
        }
      return PairwiseTerm(
        kernel, compatibility: compatibility, normalization: normalization,
        selfTerm: SelfTerm.allCases[choice(3)])
    }
    return try DenseCRF(
      scene: Scene(image), unary: unary, terms: terms, backend: .exact(threshold: 0),
      parallelism: .serial)
  }

  /// How often the energy that a solver watches rose over `models` random ones, in eight updates
  /// each.
  private static func rises(of solver: Solver, models: Int) throws -> Int {
    var generator = SeededGenerator(seed: 77)
    var count = 0
    for _ in 0..<models {
      let crf = try random(&generator)
      var options = InferenceOptions(iterations: 8, solver: solver)
      options.notesEnergies = true
      let inference = crf.startInference(options)
      inference.run()
      let energies = inference.trace.map(\.watchedEnergy)
      // Float32 marginals of 20 points and energies of some hundreds: 1e-6 of them is rounding.
      let rounding = 1e-6 * (20 + energies.reduce(0) { max($0, abs($1)) })
      count += zip(energies, energies.dropFirst()).count { $1 > $0 + rounding }
    }
    return count
  }

  @Test(
    "over a thousand random models, no update raises what the solver watches",
    arguments: [
      .safe, .convergent, .frankWolfe(.entropy, step: .exact),
      .frankWolfe(.euclidean(1), step: .exact), .concave,
    ] as [Solver])
  func neverRises(solver: Solver) throws {
    #expect(try Self.rises(of: solver, models: 1000) == 0)
  }

  @Test("parallel updates and half the way raise it in about a fifth and a sixth of all updates")
  func parallelRises() throws {
    // 1546 and 1392 of 8000, as docs/solvers.md says; updates that swing may tip the other way
    // where processors round differently.
    let parallel = try Self.rises(of: .parallel, models: 1000)
    #expect((1446...1646).contains(parallel), "\(parallel)")
    let half = try Self.rises(of: .damped(.constant(0.5)), models: 1000)
    #expect((1292...1492).contains(half), "\(half)")
  }

  private static func example() throws -> DenseCRF {
    var generator = SeededGenerator(seed: 5)
    let grid = GridShape(width: 4, height: 3)
    let unary = try EnergyField(
      grid: grid, labelCount: 3, planes: (0..<36).map { _ in Float(2 * generator.uniform()) })
    return try DenseCRF(
      scene: Scene(grid: grid), unary: unary,
      terms: [
        PairwiseTerm(
          SpatialGaussianKernel(sigma: 1), weight: 6, normalization: .none, selfTerm: .excluded)
      ], backend: .exact(threshold: 0))
  }

  /// g(Q) of `example`, pair by pair in double.
  private static func slopes(_ crf: DenseCRF, _ marginals: Marginals) -> [[Double]] {
    (0..<12).map { i in
      (0..<3).map { label in
        (0..<12).reduce(Double(crf.unary.values[i, label])) { sum, j in
          let (x, y) = (i % 4 - j % 4, i / 4 - j / 4)
          let weight = i == j ? 0 : exponential(-0.5 * Double(x * x + y * y))
          return sum - 6 * weight * Double(marginals.values[j, label])
        }
      }
    }
  }

  private static func softmax(_ energies: [Double]) -> [Double] {
    let least = energies.min() ?? 0
    let powers = energies.map { exponential(least - $0) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// The projection on the simplex by sorting, as Duchi et al. 2008 have it.
  private static func projection(_ values: [Double]) -> [Double] {
    let sorted = values.sorted(by: >)
    var (sum, threshold) = (0.0, 0.0)
    for (index, value) in sorted.enumerated() {
      sum += value
      let next = (sum - 1) / Double(index + 1)
      if value > next { threshold = next }
    }
    return values.map { max(0, $0 - threshold) }
  }

  @Test(
    "the third update is what the formula says, in double",
    arguments: [
      .safe, .damped(.constant(0.3)), .damped(.harmonic(first: 0.5)), .convergent, .concave,
      .frankWolfe(.entropy, step: .fixed(0.25)), .frankWolfe(.euclidean(2), step: .fixed(0.5)),
    ] as [Solver])
  func formulas(solver: Solver) throws {
    let crf = try Self.example()
    let kappa = Double(Curvature(crf).largest)
    // Potts without the self term and normalisation: its weight.
    #expect(kappa == 6)
    let inference = crf.startInference(InferenceOptions(iterations: 3, solver: solver))
    inference.step()
    inference.step()
    let before = inference.marginals
    inference.step()
    let slopes = Self.slopes(crf, before)
    for point in 0..<12 {
      let q = (0..<3).map { Double(before.values[point, $0]) }
      let g = slopes[point]
      func damped(_ s: Double) -> [Double] {
        Self.softmax(zip(q, g).map { -(1 - s) * logarithm($0) + s * $1 })
      }
      func towards(_ aim: [Double], _ share: Double) -> [Double] {
        zip(q, aim).map { $0 + share * ($1 - $0) }
      }
      let found = (0..<3).map { Double(inference.marginals.values[point, $0]) }
      let expected: [Double]
      switch solver {
      case .safe: expected = damped(0.5)
      case .damped(.constant): expected = damped(0.3)
      case .damped(.harmonic): expected = damped(0.25)
      case .frankWolfe(.entropy, _): expected = towards(Self.softmax(g), 0.25)
      case .frankWolfe(.euclidean, _):
        expected = towards(Self.projection(g.map { -$0 / 2 }), 0.5)
      case .concave: expected = Self.projection(zip(q, g).map { $0 - $1 / kappa })
      default:
        // log q + κq − κQ + g is the same for all labels.
        let constants = (0..<3).map { logarithm(found[$0]) + kappa * (found[$0] - q[$0]) + g[$0] }
        #expect(abs(found.reduce(0, +) - 1) < 1e-6)
        // Logarithms of float32 numbers, and κ times them.
        #expect((constants.max() ?? 0) - (constants.min() ?? 0) < 1e-4)
        continue
      }
      // Three updates in float32.
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(found) \(expected)")
    }
  }

  @Test("energies and the gap of a trace are those of the definition")
  func energies() throws {
    let crf = try Self.example()
    let inference = crf.startInference(InferenceOptions(iterations: 2, solver: .safe))
    inference.run()
    #expect(inference.trace.count == 3)
    let record = try #require(inference.trace.last)
    let slopes = Self.slopes(crf, inference.marginals)
    var (relaxed, entropy, gap) = (0.0, 0.0, 0.0)
    for point in 0..<12 {
      let p = Self.softmax(slopes[point])
      for label in 0..<3 {
        let q = Double(inference.marginals.values[point, label])
        relaxed += 0.5 * q * (Double(crf.unary.values[point, label]) + slopes[point][label])
        entropy -= q * logarithm(q)
        gap += (slopes[point][label] + logarithm(q)) * (q - p[label])
      }
    }
    // Sums of 36 float32 numbers.
    #expect(abs(record.relaxedEnergy - relaxed) < 1e-4)
    #expect(abs(record.freeEnergy - relaxed + entropy) < 1e-4)
    #expect(abs((record.gap ?? .nan) - gap) < 1e-4)
    let energy = crf.energy(of: inference.marginals)
    #expect(abs(energy.freeEnergy - record.freeEnergy) < 1e-4)
    // A labeling's energy, pair by pair.
    let labels = inference.marginals.labels
    var total = 0.0
    for i in 0..<12 {
      total += Double(crf.unary.values[i, Int(labels.labels[i])])
      for j in 0..<12 where i != j && labels.labels[i] == labels.labels[j] {
        let (x, y) = (i % 4 - j % 4, i / 4 - j / 4)
        total -= 3 * exponential(-0.5 * Double(x * x + y * y))
      }
    }
    #expect(abs(crf.energy(of: labels) - total) < 1e-4)
  }

  @Test("a tolerance ends inference by the gap, and the reason is said")
  func gapEnds() throws {
    let crf = try Self.example()
    let inference = crf.startInference(
      InferenceOptions(iterations: 500, tolerance: 1e-4, solver: .safe))
    inference.run()
    #expect(inference.stopReason == .gap)
    #expect(inference.iteration < 500)
    #expect(try #require(inference.trace.last?.gap) < 12e-4)
    #expect(try #require(inference.trace.dropLast().last?.gap) >= 12e-4)
    let short = crf.startInference(InferenceOptions(iterations: 2, solver: .safe))
    short.run()
    #expect(short.stopReason == .updates)
    let projected = crf.startInference(
      InferenceOptions(iterations: 500, tolerance: 1e-4, solver: .concave))
    projected.run()
    #expect(projected.stopReason == .change)
  }

  @Test("inference that goes on from marginals goes where it would have gone", arguments: all)
  func resumed(solver: Solver) throws {
    let crf = try Self.example()
    let whole = crf.startInference(InferenceOptions(iterations: 3, solver: solver))
    whole.step()
    let between = whole.marginals
    whole.step()
    let resumed = crf.startInference(
      InferenceOptions(iterations: 3, solver: solver), from: between)
    if case .damped(.harmonic) = solver { return }
    resumed.step()
    let difference = zip(resumed.marginals.values.rows(), whole.marginals.values.rows())
      .reduce(0) { max($0, abs($1.0 - $1.1)) }
    // −log Q is found anew, in float32.
    #expect(difference < 1e-5)
  }

  /// Every registered kind, by itself and with its settings.
  static let all: [Solver] = SolverKind.registry.all.flatMap { kind in
    [kind.name, kind.example, "damped:schedule=harmonic", "frank-wolfe:step=0.5"].compactMap {
      text in
      (try? Description<SolverKind>(solver: .text(text)))?.solver
    }
  }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }

  @Test(
    "over lattices, marginals are finite, sum to 1, and do not depend on threads or on what is noted",
    arguments: all)
  func conforms(solver: Solver) throws {
    // Three chunks of points, the last ragged.
    let (scene, unary) = try FusedSweepTests.problem(width: 151, height: 113, labels: 5, seed: 3)
    for normalization in [Normalization.symmetric, .after] {
      let results = try [1, 3].map { threads in
        let crf = try DenseCRF(
          scene: scene, unary: unary,
          terms: [
            PairwiseTerm(SpatialGaussianKernel(sigma: 2), weight: 3, normalization: normalization),
            PairwiseTerm(
              BilateralKernel(spatialSigma: 20, colorSigma: 15), weight: 4,
              normalization: normalization, selfTerm: .excluded),
          ], parallelism: Parallelism(threads: threads))
        let inference = crf.startInference(InferenceOptions(iterations: 3, solver: solver))
        inference.run()
        let plain = crf.infer(InferenceOptions(iterations: 3, solver: solver))
        let difference = zip(plain.values.rows(), inference.marginals.values.rows())
          .reduce(0) { max($0, abs($1.0 - $1.1)) }
        // Fused and staged sums in float32, where the solver comes to parallel updates.
        #expect(difference < 1e-4)
        return (inference.marginals.values.rows(), inference.trace)
      }
      #expect(results[0].0 == results[1].0)
      #expect(results[0].1 == results[1].1)
      let rows = results[0].0
      #expect(rows.allSatisfy { $0.isFinite && $0 >= 0 && $0 <= 1.000001 })
      let sums = stride(from: 0, to: rows.count, by: 5).map { rows[$0..<$0 + 5].reduce(0, +) }
      #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
    }
  }

  @Test("where nothing is repelled, safe and convergent updates are the parallel ones, bit for bit")
  func everydayUse() throws {
    let (scene, unary) = try FusedSweepTests.problem(width: 61, height: 43, labels: 4, seed: 9)
    let crf = try DenseCRF(
      scene: scene, unary: unary,
      terms: [PairwiseTerm(BilateralKernel(spatialSigma: 20, colorSigma: 15), weight: 4)])
    #expect(Curvature(crf).largest == 0)
    let safe = crf.infer(InferenceOptions(iterations: 5, solver: .safe))
    #expect(safe.values.rows() == crf.marginals(iterations: 5).values.rows())
    let exact = try DenseCRF(
      scene: scene, unary: unary,
      terms: [PairwiseTerm(SpatialGaussianKernel(sigma: 2), weight: 4)],
      backend: .exact(threshold: 0))
    let convergent = exact.infer(InferenceOptions(iterations: 5, solver: .convergent))
    #expect(convergent.values.rows() == exact.marginals(iterations: 5).values.rows())
  }

  @Test("labels that are ruled out stay so", arguments: all)
  func ruledOut(solver: Solver) throws {
    let grid = GridShape(width: 5, height: 4)
    var generator = SeededGenerator(seed: 8)
    var planes = (0..<60).map { _ in Float(3 * generator.uniform()) }
    for point in 0..<10 { planes[point] = .infinity }
    let unary = try EnergyField(grid: grid, labelCount: 3, planes: planes)
    let crf = try DenseCRF(
      scene: Scene(grid: grid), unary: unary,
      terms: [PairwiseTerm(SpatialGaussianKernel(sigma: 1), weight: 5, selfTerm: .excluded)],
      backend: .exact(threshold: 0))
    let inference = crf.startInference(InferenceOptions(iterations: 4, solver: solver))
    inference.run()
    for point in 0..<10 { #expect(inference.marginals.values[point, 0] == 0) }
    let areFinite = inference.marginals.values.rows().allSatisfy { $0.isFinite }
    #expect(areFinite)
    #expect(inference.trace.allSatisfy { $0.freeEnergy.isFinite && ($0.gap ?? 0).isFinite })
  }

  @Test("solvers are described in models, by name or with settings; without one they are parallel")
  func descriptions() throws {
    func model(_ solver: String) throws -> CRFModel {
      try CRFModel(json: JSONValue(parsing: #"{"terms": []\#(solver)}"#))
    }
    #expect(try model("").solver.solver == .parallel)
    #expect(try model(#", "solver": "parallel""#).solver.solver == .parallel)
    #expect(try model(#", "solver": "damped:step=0.25""#).solver.solver == .damped(.constant(0.25)))
    let described = try model(#", "solver": {"kind": "frank-wolfe", "regularizer": "euclidean"}"#)
    #expect(described.solver.solver == .frankWolfe(.euclidean(1), step: .exact))
    #expect(try CRFModel(json: described.json) == described)
    #expect(try model("").json["solver"]?.text == "parallel")
    for (solver, part) in [
      (#", "solver": "saf""#, "there is no solver 'saf'"),
      (#", "solver": "damped:step=2""#, "'step' is 2, but must be"),
      (#", "solver": "safe:step=1""#, "there is no setting of the safe solver 'step'"),
    ] {
      let error = #expect(throws: InputError.self) { try model(solver) }
      #expect("\(try #require(error))".contains(part), "\(String(describing: error))")
    }
  }
}
