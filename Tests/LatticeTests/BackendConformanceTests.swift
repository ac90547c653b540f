import Lattice
import LatticeSupport
import TestSupport
import Testing

/// Every backend keeps the promises of `GaussianFilter`, on features of every kind.
@Suite
struct BackendConformanceTests {
  struct Backend: Sendable, CustomTestStringConvertible {
    let backend: any FilterBackend
    /// Mean |Δ| of normalised sums of uniform random values from the truth, up to six dimensions.
    let accuracy: Double
    /// The same above six.
    var accuracyAboveSix: Double?
    var testDescription: String { backend.name }
  }

  static let backends = [
    // Float32 rounding of sums of up to a thousand products.
    Backend(backend: .exact, accuracy: 1e-6),
    Backend(backend: ExactBackend(threshold: 0), accuracy: 1e-6),
    Backend(backend: ExactBackend(threshold: 0, memoryBudget: 1 << 17), accuracy: 1e-6),
    // Pairs that are skipped weigh less than 1e-4 each; about a hundred of 300 points do.
    Backend(backend: ExactBackend(threshold: 1e-4, memoryBudget: 64 << 20), accuracy: 1e-3),
    // The lattice's own kernel, on points as sparse as these; missing neighbours cost the more, the
    // more dimensions there are.
    Backend(backend: .permutohedral(.compatible), accuracy: 0.05, accuracyAboveSix: 0.12),
    // Interpolation between vertices, and the cut of the Gaussian between them.
    Backend(backend: .permutohedral(.accurate), accuracy: 0.005, accuracyAboveSix: 0.008),
  ]

  @Test("random features of any dimension", arguments: backends, 1...9)
  func randomFeatures(backend: Backend, dimensions: Int) throws {
    let seed = UInt64(1000 + dimensions)
    var generator = SeededGenerator(seed: seed)
    let points = 300 + dimensions
    let features = try FeatureMatrix(
      points: points, dimensions: dimensions,
      rows: (0..<points * dimensions).map { _ in 4 * generator.uniform() - 2 })
    let accuracy = dimensions > 6 ? backend.accuracyAboveSix ?? backend.accuracy : backend.accuracy
    try FilterConformance(backend.backend, accuracy: accuracy).check(features)
  }

  /// More vertices than the accurate lattice keeps whole, at points that are nearly alone.
  @Test("sparse points, whose lattice is thinned out")
  func sparseFeatures() throws {
    var generator = SeededGenerator(seed: 17)
    let features = try FeatureMatrix(
      points: 2500, dimensions: 5,
      rows: (0..<2500 * 5).map { _ in 6 * generator.uniform() - 3 })
    try FilterConformance(.permutohedral(.accurate), accuracy: 0.01).check(features)
  }

  @Test("positions on a grid of one, two and three axes", arguments: backends)
  func gridPositions(backend: Backend) throws {
    for (extents, bandwidths) in [
      ([97], [3.0]), ([17, 23], [2.5, 4]), ([7, 1, 31], [1, 2, 60]),
    ] as [([Int], [Float])] {
      let features = GridFeatures.make(extents: extents, bandwidths: bandwidths)
      try FilterConformance(backend.backend, accuracy: backend.accuracy).check(features)
    }
  }

  /// Pairs of points that coincide, each pair far from the others.
  @Test("keys of one word and of many", arguments: [3, 4, 8, 12, 13, 17, 255])
  func pairs(dimensions: Int) throws {
    let pairs = 3
    var rows = [Float](repeating: 0.3, count: 2 * pairs * dimensions)
    for point in 0..<2 * pairs {
      rows[point * dimensions + dimensions - 1 - point / 2] = 50 * Float(point / 2 - 1)
    }
    let features = try FeatureMatrix(
      points: 2 * pairs, dimensions: dimensions, rows: rows)
    let filter = try PermutohedralLattice(features)
    #expect(filter.vertexCount == pairs * (dimensions + 1))
    let values: [Float] = [1, 2, 3, 5, 8, 13]
    let sums = filter.apply(to: ChannelField(points: 2 * pairs, channels: 1, rows: values)).rows()
    let ones = [Float](repeating: 1, count: 2 * pairs)
    let counts = filter.apply(to: ChannelField(points: 2 * pairs, channels: 1, rows: ones)).rows()
    for point in 0..<2 * pairs {
      let partner = point ^ 1
      #expect(counts[point] > 0)
      // The same few float32 products, divided.
      let mean = sums[point] / counts[point]
      #expect(abs(mean - (values[point] + values[partner]) / 2) <= 1e-5 * values[point])
    }
  }

  @Test("one point, and points that coincide", arguments: backends)
  func degenerate(backend: Backend) throws {
    for points in [1, 2, 15, 16, 17] {
      let features = try FeatureMatrix(
        points: points, dimensions: 3, rows: [Float](repeating: 0.25, count: 3 * points))
      try FilterConformance(backend.backend, accuracy: 1e-6).check(features)
    }
  }
}

/// Features that are grid positions and say so.
enum GridFeatures {
  static func make(extents: [Int], bandwidths: [Float]) -> FeatureMatrix {
    let points = extents.reduce(1, *)
    let storage = AlignedBuffer<Float>(uninitialized: points * extents.count)
    for point in 0..<points {
      var rest = point
      for axis in extents.indices.reversed() {
        storage[point * extents.count + axis] = Float(rest % extents[axis]) / bandwidths[axis]
        rest /= extents[axis]
      }
    }
    return FeatureMatrix(
      points: points, dimensions: extents.count, storage: storage,
      grid: .init(extents: extents, bandwidths: bandwidths))
  }
}
