import Lattice
import LatticeSupport
import TestSupport
import Testing

/// Points that are visited strip by strip, against the same points in their own order.
@Suite
struct VisitsTests {
  private static let (width, height) = (401, 90)

  /// Positions and noise, with lines long enough for three strips, and without lines.
  private static func features(
    dimensions: Int, bandwidth: Float
  ) -> (inLines: FeatureMatrix, inOrder: FeatureMatrix) {
    var random = SeededGenerator(seed: 3)
    let points = width * height
    let storage = AlignedBuffer<Float>(uninitialized: points * dimensions)
    for point in 0..<points {
      for dimension in 0..<dimensions {
        storage[point * dimensions + dimension] =
          switch dimension {
          case 0: Float(point % width) / bandwidth
          case 1: Float(point / width) / bandwidth
          default: 6 * random.uniform()
          }
      }
    }
    func matrix(extents: [Int]?) -> FeatureMatrix {
      FeatureMatrix(
        points: points, dimensions: dimensions, storage: storage, grid: nil, extents: extents)
    }
    return (matrix(extents: [height, width]), matrix(extents: nil))
  }

  @Test(arguments: [(2, Float(3)), (2, 0.8), (3, 20), (5, 20)])
  func onlyRoundingDependsOnTheOrder(dimensions: Int, bandwidth: Float) throws {
    let (inLines, inOrder) = Self.features(dimensions: dimensions, bandwidth: bandwidth)
    let backend = PermutohedralBackend(.compatible)
    let filter = try backend.makeFilter(for: inLines, parallelism: .automatic)
    let expected = try backend.makeFilter(for: inOrder, parallelism: .automatic)
    var random = SeededGenerator(seed: 4)
    let values = ChannelField(
      points: inLines.points, channels: 3,
      rows: (0..<3 * inLines.points).map { _ in random.uniform() })
    // Sums of thousands of values of 0 to 1 in two orders of float32 additions.
    let sums = zip(filter.apply(to: values).rows(), expected.apply(to: values).rows())
    #expect(sums.allSatisfy { abs($0 - $1) <= 1e-5 * (1 + abs($1)) })
    let ownWeights = zip(filter.selfWeights(), expected.selfWeights())
    #expect(ownWeights.allSatisfy { abs($0 - $1) <= 1e-6 })
  }
}
