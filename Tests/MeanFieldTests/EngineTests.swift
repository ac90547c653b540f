import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// The engines against each other, and over filters that are shared.
@Suite
struct EngineTests {
  /// A kernel of positions, colours, or whatever else makes a backend choose a filter.
  struct Case: Sendable, CustomTestStringConvertible {
    let filter: String
    let backend: any FilterBackend
    let kernel: any PairwiseKernel
    var testDescription: String { "\(filter), \(kernel.name)" }
  }

  /// Large enough for three segments, the last of which is ragged.
  private static let (width, height) = (97, 53)

  static let cases = [
    Case(
      filter: "PlanarLattice", backend: .permutohedral(.compatible),
      kernel: SpatialGaussianKernel(sigma: 2)),
    Case(
      filter: "PermutohedralLattice", backend: .permutohedral(.compatible),
      kernel: BilateralKernel(spatialSigma: 12, colorSigma: 10)),
    Case(
      filter: "PermutohedralLattice", backend: .permutohedral(.compatible),
      kernel: SpatialGaussianKernel(sigma: 0.4)),
    Case(
      filter: "AccurateLattice", backend: .permutohedral(.accurate),
      kernel: BilateralKernel(spatialSigma: 12, colorSigma: 10)),
    Case(
      filter: "SeparableGaussian", backend: .permutohedral(.accurate),
      kernel: SpatialGaussianKernel(sigma: 2)),
    Case(
      filter: "GridFilter", backend: .grid,
      kernel: BilateralKernel(spatialSigma: 12, colorSigma: 10)),
    Case(filter: "GridFilter", backend: .grid, kernel: SpatialGaussianKernel(sigma: 2)),
  ]

  private static func problem() throws -> (scene: Scene, unary: EnergyField) {
    try FusedSweepTests.problem(width: width, height: height, labels: 5, seed: 21)
  }

  private static func marginals(
    _ engine: (any MeanFieldEngine)?, _ energies: ChannelField, updates: Int
  ) throws -> [Float] {
    var engine = try #require(engine)
    var marginals = ChannelField(points: energies.points, channels: energies.channels)
    engine.start(energies, into: &marginals)
    for _ in 0..<updates { _ = engine.step(energies, into: &marginals, UpdateRequest()) }
    return marginals.rows()
  }

  @Test("fused and staged updates agree over every factored filter", arguments: cases)
  func fusedIsStaged(testCase: Case) throws {
    let (scene, unary) = try Self.problem()
    let filter = try #require(
      testCase.backend.makeFilter(
        for: testCase.kernel.features(for: scene, parallelism: .automatic),
        parallelism: .automatic
      ).factored)
    #expect("\(type(of: filter))" == testCase.filter)
    #expect(filter.splatMatrix.segments.count > 1)
    for normalization in Normalization.allCases {
      let weight: Float = normalization == .none ? 0.02 : 1
      let crf = try DenseCRF(
        scene: scene, unary: unary,
        terms: [PairwiseTerm(testCase.kernel, weight: weight, normalization: normalization)],
        backend: testCase.backend)
      let fused = try Self.marginals(FusedEngine(crf), unary.values, updates: 5)
      let staged = try Self.marginals(StagedEngine(crf), unary.values, updates: 5)
      let difference = zip(fused, staged).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(difference <= FusedSweepTests.rounding, "\(normalization)")
    }
  }

  @Test("terms that share a cached filter are those with filters of their own", arguments: cases)
  func cachedFilters(testCase: Case) throws {
    let (scene, unary) = try Self.problem()
    let backend = CachingBackend(testCase.backend)
    // Every normalisation beside every other, over one filter.
    for normalization in Normalization.allCases {
      let terms = Normalization.allCases.flatMap { other in
        [normalization, other].map {
          PairwiseTerm(testCase.kernel, weight: $0 == .none ? 0.01 : 0.2, normalization: $0)
        }
      }
      let shared = try DenseCRF(scene: scene, unary: unary, terms: terms, backend: backend)
      let own = try DenseCRF(scene: scene, unary: unary, terms: terms, backend: testCase.backend)
      let isSame =
        shared.marginals(iterations: 3).values.rows() == own.marginals(iterations: 3).values.rows()
      #expect(isSame, "\(normalization)")
    }
    #expect(backend.hits == 8 * Normalization.allCases.count - 1)
  }

  @Test("a weight multiplies a term's own compatibility, whatever it is")
  func reweighted() throws {
    let (scene, unary) = try Self.problem()
    func crf(_ compatibility: any LabelCompatibility) throws -> DenseCRF {
      try DenseCRF(
        scene: scene, unary: unary,
        terms: [PairwiseTerm(Self.cases[1].kernel, compatibility: compatibility)])
    }
    let matrix = (0..<25).map { Float(min(abs($0 / 5 - $0 % 5), 2)) }
    let diagonal: [Float] = [-1, -2, -0.5, 0, -3]
    let pairs: [(any LabelCompatibility, any LabelCompatibility)] = [
      (.potts(1.5), .potts(3)), (.diagonal(diagonal), .diagonal(diagonal.map { 2 * $0 })),
      (.matrix(matrix), .matrix(matrix.map { 2 * $0 })),
    ]
    for (one, twice) in pairs {
      // Doubling changes no rounding.
      let isSame =
        try crf(one).reweighted([2]).marginals(iterations: 3).values.rows()
        == crf(twice).marginals(iterations: 3).values.rows()
      #expect(isSame)
    }
  }

  @Test("inference from given marginals goes on where they are")
  func startedFromMarginals() throws {
    let (scene, unary) = try Self.problem()
    let terms = FusedSweepTests.terms(.symmetric, .potts(2))
    let crf = try DenseCRF(scene: scene, unary: unary, terms: terms)
    let halfway = crf.startInference(InferenceOptions(iterations: 2))
    halfway.run()
    let rest = crf.startInference(InferenceOptions(iterations: 3), from: halfway.marginals)
    rest.run()
    #expect(halfway.iteration == 2 && rest.iteration == 3 && rest.isFinished)
    let whole = crf.infer(InferenceOptions(iterations: 5))
    #expect(FusedSweepTests.largestDifference(rest.marginals, whole) <= FusedSweepTests.rounding)
  }

  @Test("marginals from elsewhere must be probabilities")
  func marginalsAreChecked() throws {
    let grid = GridShape(width: 2, height: 1)
    func make(_ rows: [Float]) throws -> Marginals {
      try Marginals(grid: grid, values: ChannelField(points: 2, channels: 2, rows: rows))
    }
    #expect(try make([0.25, 0.75, 1, 0]).labels.labels == [1, 0])
    for rows in [[0.5, 0.6, 1, 0], [1, 0, -0.5, 1.5], [1, 0, .nan, 1]] as [[Float]] {
      #expect(throws: InputError.self) { try make(rows) }
    }
  }
}
