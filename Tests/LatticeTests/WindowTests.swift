import Conformance
import Lattice
import LatticeSupport
import TestSupport
import Testing

/// The truncated window, against its definition.
@Suite
struct WindowTests {
  private static func values(_ points: Int, _ channels: Int) -> ChannelField {
    var generator = SeededGenerator(seed: 5)
    return ChannelField(
      points: points, channels: channels,
      rows: (0..<points * channels).map { _ in generator.uniform() })
  }

  /// Σ over the points within `radius` steps along every axis, in float64.
  private static func sums(
    _ values: ChannelField, _ features: FeatureMatrix, extents: [Int], radius: Int
  ) -> [Double] {
    func place(_ point: Int) -> [Int] {
      var rest = point
      return extents.reversed().map { extent in
        defer { rest /= extent }
        return rest % extent
      }
    }
    let places = (0..<values.points).map(place)
    return (0..<values.points).flatMap { i in
      let near = places.indices.filter { j in
        zip(places[i], places[j]).allSatisfy { abs($0 - $1) <= radius }
      }
      let weights = near.map { j in
        exponential(
          -0.5
            * (0..<features.dimensions).reduce(0.0) {
              let difference = Double(features[i, $1]) - Double(features[j, $1])
              return $0 + difference * difference
            })
      }
      return (0..<values.channels).map { channel in
        zip(near, weights).reduce(0) { $0 + $1.1 * Double(values[$1.0, channel]) }
      }
    }
  }

  @Test(
    "lines, images and volumes; windows of a few points, and wider than the grid",
    arguments: [[40], [9, 37], [13, 1], [4, 5, 6]], [1, 3, 50])
  func definition(extents: [Int], radius: Int) throws {
    for channels in [1, 7, 21, 40] {
      let features = try Conformance.randomFeatures(extents, dimensions: 3, spread: 3)
      let values = Self.values(features.points, channels)
      let filter = try WindowBackend(radius: radius).makeFilter(
        for: features, parallelism: .automatic)
      let expected = Self.sums(values, features, extents: extents, radius: radius)
      // Some hundred products at most, each with a weight that is 1e-6 off at most, in float32.
      let isClose = zip(filter.apply(to: values).rows(), expected).allSatisfy {
        abs(Double($0) - $1) <= 1e-5 * (1 + $1)
      }
      #expect(isClose, "\(channels) channels")
    }
  }

  @Test("without themselves, points are not summed in the first place")
  func withoutSelf() throws {
    let features = try Conformance.randomFeatures([6, 20], dimensions: 2, spread: 2)
    let values = Self.values(120, 3)
    let filter = try WindowBackend(radius: 2).makeFilter(for: features, parallelism: .serial)
    let others = try #require(filter.withoutSelf())
    let (all, rest) = (filter.apply(to: values).rows(), others.apply(to: values).rows())
    let own = values.rows()
    #expect(all.indices.allSatisfy { abs(all[$0] - rest[$0] - own[$0]) < 1e-5 * all[$0] })
  }

  @Test("points that are on no grid are refused in words")
  func noGrid() throws {
    let features = try FeatureMatrix(points: 3, dimensions: 1, rows: [1, 2, 3])
    #expect {
      try WindowBackend().makeFilter(for: features, parallelism: .serial)
    } throws: { "\($0)".contains("these are on none") }
  }
}
