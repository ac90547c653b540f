import Lattice
import LatticeSupport
import Testing

/// Features that cannot be filtered are refused with their place and their limit.
@Suite
struct LatticeErrorTests {
  @Test(
    "a key overflow names the point, its distance and the limit",
    arguments: PermutohedralBackend.Mode.allCases, [1, 2, 5, 8])
  func keyOverflow(mode: PermutohedralBackend.Mode, dimensions: Int) throws {
    var rows = [Float](repeating: 0.5, count: 40 * dimensions)
    rows[23 * dimensions] = 1e6
    let features = try FeatureMatrix(points: 40, dimensions: dimensions, rows: rows)
    #expect {
      try PermutohedralBackend(mode).makeFilter(for: features, parallelism: .automatic)
    } throws: { error in
      guard case .keyOverflow(let point, let distance, let limit) = error as? LatticeError else {
        return false
      }
      return point == 23 && abs(distance - 1e6) < 10 && limit > 1000 && limit < 40_000
    }
  }

  @Test(
    "features just inside the limit are filtered",
    arguments: PermutohedralBackend.Mode.allCases, [1, 2, 5, 8])
  func insideTheLimit(mode: PermutohedralBackend.Mode, dimensions: Int) throws {
    let far = try FeatureMatrix(
      points: 1, dimensions: dimensions, rows: [Float](repeating: 1e30, count: dimensions))
    var limit: Float = 0
    do {
      _ = try PermutohedralBackend(mode).makeFilter(for: far, parallelism: .serial)
      Issue.record("1e30 bandwidths were accepted")
    } catch let error as LatticeError {
      if case .keyOverflow(_, _, let found) = error { limit = found }
    }
    for sign in [-1, 1] as [Float] {
      var row = [Float](repeating: 0, count: dimensions)
      row[dimensions - 1] = sign * limit
      let features = try FeatureMatrix(points: 1, dimensions: dimensions, rows: row)
      let filter = try PermutohedralBackend(mode).makeFilter(for: features, parallelism: .serial)
      let one = ChannelField(points: 1, channels: 1, rows: [1])
      // Two orders of the same few float32 sums.
      #expect(abs(filter.apply(to: one)[0, 0] - filter.selfWeights()[0]) <= 1e-6)
    }
  }

  @Test("a feature that is not finite is refused by name", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) {
    #expect(throws: LatticeError.self) {
      try FeatureMatrix(points: 2, dimensions: 2, rows: [0, 1, value, 3])
    }
  }

  @Test(
    "more features than a lattice holds are refused with the remedy",
    arguments: PermutohedralBackend.Mode.allCases)
  func tooManyDimensions(mode: PermutohedralBackend.Mode) throws {
    let features = try FeatureMatrix(
      points: 1, dimensions: 256, rows: [Float](repeating: 0, count: 256))
    #expect {
      try PermutohedralBackend(mode).makeFilter(for: features, parallelism: .serial)
    } throws: {
      "\($0)".contains("255") && "\($0)".contains("principal components")
    }
  }
}
