import Conformance
import Lattice
import LatticeSupport
import Synchronization
import TestSupport
import Testing

/// What the exact filter promises beyond being a filter: its bounds hold, and nothing but the
/// threshold changes its results.
struct ExactGaussianTests {
  /// Clusters, so that blocks are far apart and near ones overlap; N is no multiple of a block.
  static func features(points: Int = 1500, dimensions: Int) throws -> FeatureMatrix {
    var generator = SeededGenerator(seed: UInt64(40 + dimensions))
    let centres = (0..<7).map { _ in (0..<dimensions).map { _ in 12 * generator.uniform() } }
    let rows = (0..<points).flatMap { point in
      (0..<dimensions).map { centres[point % 7][$0] + 3 * generator.uniform() }
    }
    return try FeatureMatrix(points: points, dimensions: dimensions, rows: rows)
  }

  static func filter(_ features: FeatureMatrix, _ backend: ExactBackend, threads: Int = 2) throws
    -> ExactGaussian
  {
    try #require(
      backend.makeFilter(for: features, parallelism: Parallelism(threads: threads))
        as? ExactGaussian)
  }

  static func values(_ points: Int, channels: Int) -> ChannelField {
    var generator = SeededGenerator(seed: 99)
    return ChannelField(
      points: points, channels: channels,
      rows: (0..<points * channels).map { _ in generator.uniform() })
  }

  @Test(
    "what is skipped stays within the stated bound", arguments: 1...9,
    [0, 1e-12, 1e-6, 1e-3, 0.1])
  func bound(dimensions: Int, threshold: Double) throws {
    let features = try Self.features(dimensions: dimensions)
    let filter = try Self.filter(features, ExactBackend(threshold: threshold))
    let values = Self.values(features.points, channels: 2)
    let magnitudes = (0..<features.points).map { max(values[$0, 0], values[$0, 1]) }
    let bounds = filter.skippedMass(ofMagnitudes: magnitudes)
    let found = filter.apply(to: values).rows()
    let truth = Conformance.allPairs(values, features)
    for index in truth.indices {
      // Sums of up to 1500 products in float32.
      let rounding = 2e-6 * truth[index]
      #expect(abs(Double(found[index]) - truth[index]) <= bounds[index / 2] + rounding)
    }
    if threshold == 0 {
      #expect(filter.evaluatedShare == 1)
      #expect(bounds.allSatisfy { $0 == 0 })
    } else {
      #expect(filter.evaluatedShare < 1)
      // No more than if every pair were skipped at the threshold.
      #expect(bounds.allSatisfy { $0 <= threshold * Double(features.points) })
    }
  }

  @Test(
    "results do not depend on threads or memory, bit for bit", arguments: [0, 1e-6],
    [1, 11, 40, 77])
  func determinism(threshold: Double, channels: Int) throws {
    let features = try Self.features(points: 2003, dimensions: 5)
    let values = Self.values(features.points, channels: channels)
    let expected = try Self.filter(features, ExactBackend(threshold: threshold), threads: 1)
      .apply(to: values).rows()
    for threads in [1, 2, 3, 8] {
      for memory in [0, 3 << 20, 64 << 20] {
        let backend = ExactBackend(threshold: threshold, memoryBudget: memory)
        let isSame =
          try Self.filter(features, backend, threads: threads).apply(to: values).rows()
          == expected
        #expect(isSame, "\(threads) threads, \(memory) bytes")
      }
    }
  }

  @Test("a channel's sums do not depend on the others", arguments: [2, 4, 5, 8, 9, 16, 17, 33, 70])
  func channels(count: Int) throws {
    let features = try Self.features(points: 333, dimensions: 3)
    let filter = try Self.filter(features, ExactBackend())
    let values = Self.values(features.points, channels: count)
    let together = filter.apply(to: values)
    for channel in [0, count / 2, count - 1] {
      let alone = ChannelField(
        points: values.points, channels: 1, rows: (0..<values.points).map { values[$0, channel] })
      let sums = filter.apply(to: alone)
      // One order of sums; products may be fused or not.
      #expect(
        (0..<values.points).allSatisfy { abs(sums[$0, 0] / together[$0, channel] - 1) < 1e-5 })
    }
  }

  @Test("a weight is right to rounding, and vanishes in the distance")
  func weights() throws {
    let points = 1000
    let distances = (0..<points).map { 0.02 * Float($0) }
    let features = try FeatureMatrix(points: points, dimensions: 1, rows: distances)
    var impulse = ChannelField(points: points, channels: 1)
    impulse[0, 0] = 1
    let sums = try Self.filter(features, ExactBackend(threshold: 0)).apply(to: impulse)
    for point in 0..<points {
      let exponent = 0.5 * Double(distances[point]) * Double(distances[point])
      let weight = exponential(-exponent)
      // The polynomial and the roundings of the distance; about 2⁻¹⁰⁰ at least.
      let error = abs(Double(sums[point, 0]) - weight)
      #expect(error <= 3e-7 * (1 + exponent) * weight + 0x1p-99, "distance \(distances[point])")
    }
  }

  @Test("nothing is skipped where all points coincide")
  func coincidence() throws {
    let features = try FeatureMatrix(
      points: 200, dimensions: 2, rows: [Float](repeating: 7, count: 400))
    let filter = try Self.filter(features, ExactBackend(threshold: 0.5))
    #expect(filter.evaluatedShare == 1)
    #expect(filter.apply(to: Self.values(200, channels: 1)).rows().allSatisfy { $0 > 0 })
  }

  @Test("progress grows to 1 over the applications that were announced")
  func progress() throws {
    let shares = Shares()
    let progress = FilterProgress(applications: 3) { shares.append($0) }
    let features = try Self.features(dimensions: 2)
    let filter = try Self.filter(features, ExactBackend(progress: progress))
    let values = Self.values(features.points, channels: 1)
    for application in 1...3 {
      _ = filter.apply(to: values)
      #expect(abs((shares.all.last ?? 0) - Double(application) / 3) < 0.01)
    }
    #expect(shares.all.last == 1)
    #expect(shares.all == shares.all.sorted())
  }
}

/// Numbers that several threads collect.
private final class Shares: Sendable {
  private let state = Mutex<[Double]>([])
  var all: [Double] { state.withLock { $0 } }
  func append(_ share: Double) { state.withLock { $0.append(share) } }
}
