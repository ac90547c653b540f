import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

@Suite
struct KernelConformanceTests {
  static func image(_ extents: [Int], channels: Int) throws -> Image {
    var generator = SeededGenerator(seed: 3)
    let grid = try GridShape(extents)
    return try Image(
      grid: grid, channels: channels,
      pixels: .floats((0..<grid.count * channels).map { _ in 255 * generator.uniform() }))
  }

  @Test("position kernels, on lines, images and volumes, without an image")
  func positions() throws {
    for extents in [[40], [12, 17], [5, 6, 7], [2, 3, 4, 5]] {
      for order in AxisOrder.allCases {
        let kernel = SpatialGaussianKernel(sigma: 2.5, axisOrder: order)
        try KernelConformance(kernel).check(Scene(grid: GridShape(extents)))
      }
    }
  }

  @Test("bilateral kernels, of any number of axes and channels")
  func bilateral() throws {
    for (extents, channels) in [([40], 1), ([12, 17], 3), ([12, 17], 6), ([5, 6, 7], 2)] {
      let scene = Scene(try Self.image(extents, channels: channels))
      let kernel = BilateralKernel(spatialSigma: 8, colorSigma: 20)
      try KernelConformance(kernel).check(scene)
    }
  }

  @Test("feature kernels, scaled in every way, and reduced")
  func features() throws {
    let scene = Scene(grid: GridShape(width: 13, height: 9))
    var generator = SeededGenerator(seed: 4)
    let rows = (0..<117 * 4).map { _ in generator.normal() }
    let covariance: [Float] = [2, 0.5, 0, 0, 0.5, 1, 0, 0, 0, 0, 3, 1, 0, 0, 1, 4]
    for scaling in [
      .unit, .bandwidths(2), .bandwidths([1, 2, 3, 4]), .covariance(covariance),
    ] as [FeatureKernel.Scaling] {
      for components in [nil, 2] {
        let kernel = try FeatureKernel(
          rows: rows, dimensions: 4, scaling: scaling, components: components)
        try KernelConformance(kernel).check(scene)
      }
    }
  }

  @Test("features are positions and colours divided by their bandwidths, in the order asked for")
  func order() throws {
    let scene = Scene(try Self.image([4, 5], channels: 2))
    let image = try #require(scene.image)
    let point = 2 * 5 + 3
    let forward = try BilateralKernel(spatialSigma: [2, 4], colorSigma: [10, 20])
      .features(for: scene)
    let expected: [Float] = [1.5, 0.5, image[point, 0] / 10, image[point, 1] / 20]
    #expect((0..<4).map { forward[point, $0] } == expected)
    let reversed = try BilateralKernel(
      spatialSigma: [2, 4], colorSigma: 10, axisOrder: .gridOrder
    ).features(for: scene)
    let expectedPosition: [Float] = [1, 0.75]
    #expect((0..<2).map { reversed[point, $0] } == expectedPosition)
  }

  @Test("a full covariance gives Mahalanobis's distance")
  func mahalanobis() throws {
    let covariance: [Float] = [4, 1, 1, 2]
    let kernel = try FeatureKernel(
      rows: [0, 0, 1, 3], dimensions: 2, scaling: .covariance(covariance))
    let features = try kernel.features(for: Scene(grid: GridShape(width: 2, height: 1)))
    let difference = (0..<2).map { features[1, $0] - features[0, $0] }
    let squared = difference[0] * difference[0] + difference[1] * difference[1]
    // (1, 3)·Σ⁻¹·(1, 3)ᵀ = (2·1 − 2·1·3 + 4·9)/7 by hand; float32 rounding.
    #expect(abs(squared - 32.0 / 7) < 1e-5)
  }

  @Test("what a kernel cannot use is refused in words")
  func refusals() throws {
    let scene = Scene(grid: GridShape(width: 4, height: 4))
    #expect {
      try BilateralKernel(spatialSigma: 3, colorSigma: 3).features(for: scene)
    } throws: { error in
      "\(error)".contains("image")
    }
    for sigma in [0, -1, .nan, .infinity] as [Float] {
      #expect(throws: InputError.self) {
        try SpatialGaussianKernel(sigma: Bandwidths(sigma)).features(for: scene)
      }
    }
    #expect {
      try SpatialGaussianKernel(sigma: [1, 2, 3]).features(for: scene)
    } throws: { error in
      "\(error)".contains("3 bandwidths for 2 axes")
    }
    #expect(throws: InputError.self) {
      try FeatureKernel(rows: [1, 2, 3], dimensions: 1).features(for: scene)
    }
    #expect(throws: InputError.self) { try FeatureKernel(rows: [1, .nan], dimensions: 1) }
  }
}
