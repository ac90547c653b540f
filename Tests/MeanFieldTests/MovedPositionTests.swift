import Lattice
import LatticeSupport
import Testing
import Unaries

import MeanField

/// Scenes whose points are moved before positions are compared.
@Suite struct MovedPositionTests {
  private static let grid = GridShape(width: 3, height: 2)
  /// Down and right of each point.
  private static let moves: [Float] = [0, 0, 0.5, 1, 0, -2, 4, 0, 0, 0, 1, 1]

  private static func scene(moved: Bool) throws -> Scene {
    var scene = Scene(
      try Image(grid: grid, channels: 1, pixels: .floats([0, 1, 2, 3, 4, 5])))
    if moved { scene.displacements = moves }
    return scene
  }

  @Test("features are those of the places that points are moved to")
  func features() throws {
    let kernels: [any PairwiseKernel] = [
      SpatialGaussianKernel(sigma: [2, 4]), BilateralKernel(spatialSigma: [2, 4], colorSigma: 1),
    ]
    for kernel in kernels {
      let features = try kernel.features(for: Self.scene(moved: true), parallelism: .serial)
      for point in 0..<6 {
        let (y, x) = point.quotientAndRemainder(dividingBy: 3)
        #expect(features[point, 0] == (Float(x) + Self.moves[2 * point + 1]) / 2)
        #expect(features[point, 1] == (Float(y) + Self.moves[2 * point]) / 4)
      }
      #expect(features.grid == nil)
    }
  }

  @Test("points that are moved nowhere are those of the grid, to rounding")
  func still() throws {
    var scene = try Self.scene(moved: false)
    let kernel = BilateralKernel(spatialSigma: 2, colorSigma: 1)
    let expected = try kernel.features(for: scene, parallelism: .serial)
    scene.displacements = [Float](repeating: 0, count: 12)
    let features = try kernel.features(for: scene, parallelism: .serial)
    for point in 0..<6 {
      for dimension in 0..<3 { #expect(features[point, dimension] == expected[point, dimension]) }
    }
  }
}
