import Lattice
import MeanField
import Support
import Testing
import Unaries

/// Checks what the `PairwiseKernel` protocol promises, for any conformer.
///
/// - Parameters:
///   - kernel: the kernel.
///   - scene: a scene that it can compare.
///   - needsImage: whether a scene without an image must be refused.
package func checkKernel(
  _ kernel: any PairwiseKernel, scene: Scene, needsImage: Bool,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(!kernel.name.isEmpty, sourceLocation: sourceLocation)
  let features = try kernel.features(for: scene)
  #expect(features.points == scene.grid.count, sourceLocation: sourceLocation)
  #expect(features.dimensions >= 1, sourceLocation: sourceLocation)
  let again = try kernel.features(for: scene)
  let isSame = (0..<features.points).allSatisfy { point in
    (0..<features.dimensions).allSatisfy { dimension in
      let value = features[point, dimension]
      return value.isFinite && value == again[point, dimension]
    }
  }
  #expect(isSame, "asked twice, or not finite", sourceLocation: sourceLocation)
  for backend in FilterBackends.all {
    let filter = try backend.makeFilter(for: features, parallelism: .automatic)
    let ones = ChannelField(
      points: filter.points, channels: 1, rows: [Float](repeating: 1, count: filter.points))
    // Every point is its own neighbour, so no normaliser may be 0.
    let isPositive = filter.apply(to: ones).rows().allSatisfy { $0 > 0 && $0.isFinite }
    #expect(isPositive, "\(backend.name)", sourceLocation: sourceLocation)
  }
  if needsImage {
    #expect(throws: InputError.self, sourceLocation: sourceLocation) {
      try kernel.features(for: Scene(grid: scene.grid))
    }
  }
}
