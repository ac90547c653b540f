import Lattice
import LatticeSupport
import TestSupport
import Testing

/// Every factored filter keeps the promises of `FactoredFilter`.
@Suite
struct FactoredFilterTests {
  /// One point, a ragged vector, just less than a segment, and three segments, one of them ragged.
  private static let counts = [1, 17, 2047, 5003]

  private static func features(
    points: Int, dimensions: Int, range: Float, extents: [Int]? = nil
  ) throws -> FeatureMatrix {
    var generator = SeededGenerator(seed: UInt64(points + dimensions))
    return try FeatureMatrix(
      points: points, dimensions: dimensions,
      rows: (0..<points * dimensions).map { _ in range * (generator.uniform() - 0.5) },
      extents: extents)
  }

  private func check(_ filter: any FactoredFilter, _ name: String) {
    FactoredFilterConformance().check(filter, name)
  }

  /// What the backend makes of the features, which has to be a filter of the given type.
  private func filter(
    _ type: String, _ mode: PermutohedralBackend.Mode, _ features: FeatureMatrix
  ) throws -> any FactoredFilter {
    let made = try PermutohedralBackend(mode).makeFilter(for: features, parallelism: .automatic)
    let filter = try #require(made.factored)
    #expect("\(Swift.type(of: filter))" == type)
    return filter
  }

  @Test("the permutohedral lattice", arguments: [1, 2, 3, 5, 9])
  func permutohedral(dimensions: Int) throws {
    for points in Self.counts {
      let features = try Self.features(points: points, dimensions: dimensions, range: 6)
      check(try PermutohedralLattice(features), "permutohedral, d = \(dimensions)")
    }
  }

  @Test("the lattice of two features, as an array")
  func planar() throws {
    for points in Self.counts {
      let features = try Self.features(points: points, dimensions: 2, range: 9)
      check(try filter("PlanarLattice", .compatible, features), "planar")
    }
  }

  @Test("the accurate lattice", arguments: [1, 2, 3, 5, 9])
  func accurate(dimensions: Int) throws {
    for points in Self.counts {
      let features = try Self.features(points: points, dimensions: dimensions, range: 4)
      check(
        try filter("AccurateLattice", .accurate, features), "accurate, d = \(dimensions)")
    }
  }

  @Test(
    "the Gaussian of a grid",
    arguments: [([1], [2]), ([17], [3]), ([61, 83], [2.5, 4]), ([11, 1, 457], [1, 2, 60])]
      as [([Int], [Float])])
  func separable(extents: [Int], bandwidths: [Float]) {
    check(SeparableGaussian(.init(extents: extents, bandwidths: bandwidths)), "separable")
  }

  @Test("points that are visited in strips")
  func strips() throws {
    let features = try Self.features(points: 401 * 13, dimensions: 3, range: 6, extents: [13, 401])
    let lattice = try PermutohedralLattice(features)
    #expect(lattice.splatMatrix.segments.contains { $0.visits != [$0.points] })
    check(lattice, "permutohedral in strips")
    let flat = try Self.features(points: 401 * 13, dimensions: 2, range: 9, extents: [13, 401])
    check(try filter("PlanarLattice", .compatible, flat), "planar in strips")
  }

  @Test("a filter that nobody shares is scaled in the memory of its weights, any other is not")
  func scalingIsInPlaceWhereItMay() throws {
    let backends: [any FilterBackend] = [.permutohedral(.compatible), .permutohedral(.accurate)]
    let scales = [Float](repeating: 0.5, count: 5003)
    for (backend, dimensions) in backends.flatMap({ [($0, 2), ($0, 5)] }) {
      let features = try Self.features(points: 5003, dimensions: dimensions, range: 6)
      var filter = try backend.makeFilter(for: features, parallelism: .automatic)
      let before = Self.address(of: filter)
      _ = filter.selfWeights()
      var isScaled = scales.withUnsafeBufferPointer {
        filter.scale(by: $0, parallelism: .automatic)
      }
      #expect(isScaled && Self.address(of: filter) == before)
      let shared = filter
      isScaled = scales.withUnsafeBufferPointer {
        filter.scale(by: $0, parallelism: .automatic)
      }
      #expect(isScaled && Self.address(of: filter) != before)
      #expect(Self.address(of: shared) == before)
    }
  }

  private static func address(of filter: any GaussianFilter) -> UInt? {
    filter.factored.map { factored in
      UInt(bitPattern: factored.splatMatrix.weights(of: factored.splatMatrix.segments[0]))
    }
  }
}
