import Lattice
import MeanField
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// The plug-ins of docs/plug-in.md work, and keep the promises of what they conform to.
struct PlugInTests {
  /// A red disc on a green ground, the right half in shadow.
  private static let image: Image = {
    let (width, height) = (30, 20)
    let rgb = (0..<width * height).flatMap { point -> [UInt8] in
      let (y, x) = point.quotientAndRemainder(dividingBy: width)
      let light = x < width / 2 ? 2 : 1
      let color = isInside(x, y) ? [100, 20, 20] : [30, 90, 40]
      return color.map { UInt8($0 * light) }
    }
    do {
      return try Image(width: width, height: height, rgb: rgb)
    } catch {
      preconditionFailure("\(error)")
    }
  }()

  private static func isInside(_ x: Int, _ y: Int) -> Bool {
    (x - 14) * (x - 14) + (y - 10) * (y - 10) <= 36
  }

  private static let kernel = ChromaKernel(spatialSigma: 10, chromaSigma: 0.1)
  private static let unary = ColorModelUnary(colors: [[60, 180, 80], [200, 40, 40]], sigma: 60)

  @Test func theKernelConforms() throws {
    try KernelConformance(Self.kernel).check(Scene(Self.image))
    #expect(throws: InputError.self) {
      try Self.kernel.features(for: Scene(grid: Self.image.grid))
    }
  }

  @Test func theBackendConforms() throws {
    var generator = SeededGenerator(seed: 5)
    let features = try FeatureMatrix(
      points: 60, dimensions: 3, rows: (0..<180).map { _ in 3 * generator.uniform() })
    // Sums in float64, rounded once.
    try FilterConformance(DirectBackend(), accuracy: 1e-6, seed: 5).check(features)
  }

  @Test func theFactoredBackendConforms() throws {
    var generator = SeededGenerator(seed: 6)
    for points in [1, 60, 4500] {
      let features = try FeatureMatrix(
        points: points, dimensions: 1, rows: (0..<points).map { _ in 9 * generator.uniform() })
      if points < 100 {
        // Two interpolations between bins widen a Gaussian of 16 squared bins by a third of one.
        try FilterConformance(BinnedBackend(), accuracy: 0.01, seed: 6).check(features)
      }
      let filter = try BinnedBackend().makeFilter(for: features, parallelism: .automatic)
      FactoredFilterConformance(seed: 6).check(try #require(filter.factored), "binned")
    }
  }

  /// Brightness alone, over the image.
  private struct BrightnessKernel: PairwiseKernel {
    let name = "brightness"

    func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
      let image = try #require(scene.image)
      return try FeatureMatrix(points: image.grid.count, dimensions: 1) { features in
        for point in features.indices { features[point] = image[point, 0] / 20 }
      }
    }
  }

  @Test func theFactoredBackendIsSweptTogether() throws {
    let terms = [PairwiseTerm(BrightnessKernel(), weight: 2)]
    let scene = Scene(Self.image)
    let unary = try Self.unary.energies(for: Self.image)
    let fused = try DenseCRF(scene: scene, unary: unary, terms: terms, backend: BinnedBackend())
    let exact = try DenseCRF(scene: scene, unary: unary, terms: terms, backend: DirectBackend())
    let rows = (fused.marginals(iterations: 5), exact.marginals(iterations: 5))
    // Ten times what normalised sums may be off by: an update amplifies a difference a few times.
    for (found, truth) in zip(rows.0.values.rows(), rows.1.values.rows()) {
      #expect(abs(found - truth) <= 0.1)
    }
  }

  @Test func theUnaryConforms() throws {
    try checkUnary({ _ in Self.unary }, scene: Scene(Self.image), hasFixedSize: false)
  }

  @Test func theCompatibilityIsTruncated() throws {
    let factors = try OrderedCompatibility(weight: 2, limit: 2).factors(labelCount: 4)
    #expect(factors == .matrix([0, 2, 4, 4, 2, 0, 2, 4, 4, 2, 0, 2, 4, 4, 2, 0]))
  }

  @Test func togetherTheyFindTheDiscInTheShadow() throws {
    let crf = try DenseCRF(
      scene: Scene(Self.image), unary: Self.unary.energies(for: Self.image),
      terms: [
        PairwiseTerm(Self.kernel, compatibility: OrderedCompatibility(weight: 8, limit: 1))
      ], backend: DirectBackend())
    let truth = (0..<Self.image.grid.count).map { point in
      let (y, x) = point.quotientAndRemainder(dividingBy: Self.image.grid.width)
      return UInt16(Self.isInside(x, y) ? 1 : 0)
    }
    #expect(crf.marginals(iterations: 5).labels.labels == truth)
  }
}
