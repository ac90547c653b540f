import Conformance
import Lattice
import LatticeSupport
import TestSupport
import Testing

/// Every backend keeps the promises of `GaussianFilter`, on features of every kind.
@Suite
struct BackendConformanceTests {
  struct Backend: Sendable, CustomTestStringConvertible {
    let backend: any FilterBackend
    let testDescription: String

    init(_ backend: any FilterBackend, _ name: String) {
      self.backend = backend
      testDescription = name
    }
  }

  static let backends = [
    Backend(.exact, "exact"),
    Backend(ExactBackend(threshold: 0), "exact, all pairs"),
    Backend(ExactBackend(threshold: 0, memoryBudget: 1 << 17), "exact, some weights kept"),
    Backend(ExactBackend(threshold: 1e-4, memoryBudget: 64 << 20), "exact, coarse, weights kept"),
    Backend(.permutohedral(.compatible), "permutohedral"),
    Backend(.permutohedral(.accurate), "accurate"),
    Backend(.permutohedral(.symmetric), "symmetric"),
    Backend(.grid, "grid"),
    Backend(GridBackend(cell: 0.5), "grid, finer"),
    Backend(.window, "window"),
    // All pairs of the points that are made here.
    Backend(WindowBackend(radius: 5003), "window, everything"),
  ]

  @Test("all promises", arguments: backends)
  func promises(backend: Backend) throws {
    let found = Conformance.checkAll(backend.backend)
    expectNone(found.report, backend.testDescription)
    #expect(found.report.promises.count > 8)
    let isGrid = backend.backend is GridBackend
    for refusal in found.refusals where !refusal.features.hasPrefix("points that lie") {
      #expect(isGrid && refusal.reason.contains("up to 5 features"), "\(refusal)")
    }
    #expect(found.accuracies.count == (isGrid ? 15 : 27))
  }

  @Test("every kind that is registered says what it promises, or promises nothing")
  func registered() throws {
    for kind in FilterKind.registry.all {
      let description = try Description(
        JSONValue(description: kind.example), in: FilterKind.registry)
      #expect(try description.kind.make(description.settings).name == kind.name)
    }
  }

  @Test(
    "the symmetric lattice is positive semidefinite, the compatible one need not be",
    arguments: [1, 2, 5])
  func positive(dimensions: Int) throws {
    var generator = SeededGenerator(seed: 4)
    // Few points a bandwidth: vertices are missing everywhere.
    let features = try FeatureMatrix(
      points: 300, dimensions: dimensions,
      rows: (0..<300 * dimensions).map { _ in 6 * generator.uniform() }, extents: [300, 1])
    let filter = try PermutohedralBackend(.symmetric).makeFilter(
      for: features, parallelism: .serial)
    #expect(filter.isSymmetric)
    var values = ChannelField(
      points: 300, channels: 4, rows: (0..<1200).map { _ in generator.uniform() - 0.5 })
    // x − εKx over and over leaves what the smallest eigenvalues have.
    for _ in 0..<60 {
      let sums = filter.apply(to: values)
      let rows = zip(values.rows(), sums.rows()).map { $0 - 0.02 * $1 }
      let largest = rows.reduce(0) { max($0, abs($1)) }
      values = ChannelField(points: 300, channels: 4, rows: rows.map { $0 / largest })
    }
    let sums = filter.apply(to: values).rows()
    let product = zip(sums, values.rows()).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    let length = values.rows().reduce(0.0) { $0 + Double($1 * $1) }
    // Sums of hundreds of float32 products.
    #expect(product >= -1e-5 * length)
  }

  @Test("a backend that breaks its promises is caught")
  func broken() throws {
    struct Broken: FilterBackend {
      struct Filter: GaussianFilter {
        let inner: any GaussianFilter
        let threads: Int
        var points: Int { inner.points }
        func apply(to values: ChannelField, into output: inout ChannelField) {
          inner.apply(to: values, into: &output)
          if threads > 1, points > 0 { output[0, 0] += 1 }
        }
        func selfWeights() -> [Float] { [Float](repeating: 0.5, count: points) }
      }
      var name: String { "broken" }
      // Below what float32 can keep.
      func promisedError(dimensions: Int) -> Double? { 1e-12 }
      func makeFilter(
        for features: FeatureMatrix, parallelism: Parallelism
      ) throws -> any GaussianFilter {
        Filter(
          inner: try WindowBackend(radius: 99).makeFilter(for: features, parallelism: parallelism),
          threads: parallelism.threads)
      }
    }
    let broken = Set(
      Conformance.checkAll(Broken(), dimensions: [3]).report.violations.map(\.promise))
    #expect(
      broken == [
        "weighted means are as close to those of all pairs as is promised",
        "self weights are what an impulse leaves", "sums do not depend on threads",
      ])
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
}
