import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// The fused sweep against one pass a stage, which any filter takes.
@Suite
struct FusedSweepTests {
  /// A lattice that does not show its rows, so that nothing can be fused.
  struct OpaqueBackend: FilterBackend {
    let name = "opaque"

    struct Filter: GaussianFilter {
      let inner: any GaussianFilter
      var points: Int { inner.points }
      func apply(to values: ChannelField, into output: inout ChannelField) {
        inner.apply(to: values, into: &output)
      }
      func selfWeights() -> [Float] { inner.selfWeights() }
    }

    func makeFilter(
      for features: FeatureMatrix, parallelism: Parallelism
    ) throws -> any GaussianFilter {
      let inner = PermutohedralBackend(.compatible)
      return Filter(inner: try inner.makeFilter(for: features, parallelism: parallelism))
    }
  }

  /// Noise over a scene of `width` × `height` with an image of four flat colours.
  static func problem(
    width: Int, height: Int, labels: Int, seed: UInt64
  ) throws -> (scene: Scene, unary: EnergyField) {
    var generator = SeededGenerator(seed: seed)
    let rgb = (0..<width * height).flatMap { point -> [UInt8] in
      let tone = (point % width < width / 2 ? 60 : 0) + (point / width < height / 2 ? 100 : 0)
      return (0..<3).map { _ in UInt8(Float(tone) + 20 * generator.uniform()) }
    }
    let grid = GridShape(width: width, height: height)
    let planes = (0..<width * height * labels).map { _ in 5 * generator.uniform() }
    return (
      Scene(try Image(width: width, height: height, rgb: rgb)),
      try EnergyField(grid: grid, labelCount: labels, planes: planes)
    )
  }

  static func terms(
    _ normalization: Normalization, _ compatibility: any LabelCompatibility
  ) -> [PairwiseTerm] {
    [
      PairwiseTerm(
        SpatialGaussianKernel(sigma: 2), weight: 0.5, normalization: normalization),
      PairwiseTerm(
        BilateralKernel(spatialSigma: 12, colorSigma: 10), compatibility: compatibility,
        normalization: normalization),
    ]
  }

  static func largestDifference(_ a: Marginals, _ b: Marginals) -> Float {
    zip(a.values.rows(), b.values.rows()).reduce(0) { largest, pair in
      // A NaN must not pass for a small difference.
      abs(pair.0 - pair.1) <= largest ? largest : abs(pair.0 - pair.1)
    }
  }

  /// How far five fused updates are from five in stages.
  static func difference(
    _ problem: (scene: Scene, unary: EnergyField), _ terms: [PairwiseTerm]
  ) throws -> Float {
    let fused = try DenseCRF(scene: problem.scene, unary: problem.unary, terms: terms)
    let staged = try DenseCRF(
      scene: problem.scene, unary: problem.unary, terms: terms, backend: OpaqueBackend())
    return largestDifference(fused.marginals(iterations: 5), staged.marginals(iterations: 5))
  }

  /// Five updates in two orders of float32 sums; an update amplifies a difference by a few times.
  static let rounding: Float = 2e-5

  @Test(
    "any number of labels", arguments: [1, 2, 3, 4, 5, 8, 9, 16, 21, 24, 33, 48, 64, 65, 150])
  func labelCounts(labels: Int) throws {
    let problem = try Self.problem(width: 61, height: 47, labels: labels, seed: 5)
    let terms = Self.terms(.symmetric, .potts(2))
    #expect(try Self.difference(problem, terms) <= Self.rounding)
    let crf = try DenseCRF(scene: problem.scene, unary: problem.unary, terms: terms)
    let marginals = crf.marginals(iterations: 5)
    for point in [0, 100, problem.unary.grid.count - 1] {
      let sum = (0..<labels).reduce(Float(0)) { $0 + marginals.values[point, $1] }
      #expect(abs(sum - 1) <= 1e-5)
    }
  }

  @Test("every normalisation, with one factor a label", arguments: Normalization.allCases)
  func normalizations(normalization: Normalization) throws {
    let problem = try Self.problem(width: 50, height: 40, labels: 6, seed: 9)
    let weight: Float = normalization == .none ? 0.02 : 1
    let terms = Self.terms(normalization, .diagonal([-1, -2, -3, 0, -1.5, 1].map { $0 * weight }))
    #expect(try Self.difference(problem, terms) <= Self.rounding)
  }

  @Test(
    "every pair of labels with a cost of its own", arguments: [1, 3, 8, 21, 24, 33, 65],
    Normalization.allCases)
  func matrices(labels: Int, normalization: Normalization) throws {
    let problem = try Self.problem(width: 61, height: 47, labels: labels, seed: 6)
    var generator = SeededGenerator(seed: UInt64(labels))
    // As much as a label gets from all others together, and not symmetric.
    let scale = (normalization == .none ? 0.02 : 2) / Float(labels)
    let costs = (0..<labels * labels).map { _ in scale * (generator.uniform() - 0.7) }
    let terms = Self.terms(normalization, MatrixCompatibility(costs, isSymmetrized: false))
    #expect(try Self.difference(problem, [terms[1]]) <= Self.rounding)
    guard normalization != .none else { return }
    #expect(try Self.difference(problem, terms) <= Self.rounding)
  }

  @Test("any number of kernels", arguments: [0, 1, 3, 5])
  func kernelCounts(count: Int) throws {
    let problem = try Self.problem(width: 40, height: 30, labels: 4, seed: 11)
    let terms = (0..<count).map { index in
      PairwiseTerm(SpatialGaussianKernel(sigma: Bandwidths(1 + Float(index))), weight: 0.5)
    }
    #expect(try Self.difference(problem, terms) <= Self.rounding)
  }

  @Test("lines that are visited in strips, beside a kernel that knows no lines")
  func strips() throws {
    let problem = try Self.problem(width: 401, height: 61, labels: 5, seed: 13)
    let terms = Self.terms(.symmetric, .potts(2))
    #expect(try Self.difference(problem, terms) <= Self.rounding)
    let depths = (0..<401 * 61).map { Float($0 % 401) / 30 }
    let mixed =
      terms + [
        PairwiseTerm(
          try FeatureKernel(rows: depths, dimensions: 1), weight: 0.5, normalization: .after)
      ]
    #expect(try Self.difference(problem, mixed) <= Self.rounding)
  }

  /// Positions in lines of any length.
  struct LinesKernel: PairwiseKernel {
    let lineLength: Int
    let name = "lines"

    func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
      let storage = AlignedBuffer<Float>(uninitialized: 3 * scene.grid.count)
      for point in 0..<scene.grid.count {
        storage[3 * point] = Float(point % lineLength) / 20
        storage[3 * point + 1] = Float(point / lineLength) / 20
        storage[3 * point + 2] = Float(point % 7) / 3
      }
      return FeatureMatrix(
        points: scene.grid.count, dimensions: 3, storage: storage, grid: nil,
        extents: [scene.grid.count / lineLength, lineLength])
    }
  }

  @Test("kernels whose strips differ are not swept together")
  func stripsThatDiffer() throws {
    let problem = try Self.problem(width: 300, height: 60, labels: 3, seed: 14)
    let terms = [300, 400].map { PairwiseTerm(LinesKernel(lineLength: $0), weight: 1) }
    #expect(try Self.difference(problem, terms) <= Self.rounding)
  }

  @Test("the same bits for any number of threads", arguments: [2, 3, 7])
  func threads(count: Int) throws {
    let (scene, unary) = try Self.problem(width: 211, height: 150, labels: 7, seed: 2)
    let terms = Self.terms(.symmetric, .potts(2))
    let serial = try DenseCRF(scene: scene, unary: unary, terms: terms, parallelism: .serial)
    let parallel = try DenseCRF(
      scene: scene, unary: unary, terms: terms, parallelism: Parallelism(threads: count))
    let isSame =
      serial.marginals(iterations: 4).values.rows()
      == parallel.marginals(iterations: 4).values.rows()
    #expect(isSame)
  }

  @Test("steps give what a whole inference gives, bit for bit")
  func steps() throws {
    let (scene, unary) = try Self.problem(width: 80, height: 60, labels: 5, seed: 4)
    let crf = try DenseCRF(scene: scene, unary: unary, terms: Self.terms(.symmetric, .potts(2)))
    let inference = crf.startInference()
    for iteration in 0..<4 {
      let isSame =
        inference.marginals.values.rows()
        == crf.marginals(iterations: iteration).values.rows()
      #expect(isSame, "\(iteration) iterations")
      inference.step()
    }
  }

  @Test("inference stops once no marginal moves by more than the tolerance")
  func tolerance() throws {
    let (scene, unary) = try Self.problem(width: 60, height: 50, labels: 3, seed: 8)
    let crf = try DenseCRF(scene: scene, unary: unary, terms: Self.terms(.symmetric, .potts(1)))
    let inference = crf.startInference()
    var steps = 0
    while inference.largestChange >= 0.01 && steps < 200 {
      let before = inference.marginals
      inference.step()
      steps += 1
      let moved = Self.largestDifference(before, inference.marginals)
      #expect(abs(moved - inference.largestChange) <= 1e-6)
    }
    #expect(steps > 1 && steps < 200)
    let stopped = crf.marginals(iterations: 200, tolerance: 0.01)
    #expect(Self.largestDifference(stopped, inference.marginals) == 0)
  }

  @Test("inferences of one CRF do not disturb each other")
  func independence() throws {
    let (scene, unary) = try Self.problem(width: 50, height: 40, labels: 4, seed: 6)
    let crf = try DenseCRF(scene: scene, unary: unary, terms: Self.terms(.symmetric, .potts(2)))
    let expected = crf.marginals(iterations: 3).values.rows()
    let (first, second) = (crf.startInference(), crf.startInference())
    for _ in 0..<3 {
      first.step()
      second.step()
    }
    let areSame =
      first.marginals.values.rows() == expected && second.marginals.values.rows() == expected
    #expect(areSame)
  }
}
