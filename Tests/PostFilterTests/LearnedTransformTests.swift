import Formats
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

/// The golden cases of the domain transform that learns.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct LearnedTransformTests {
  private static let folder = "learning/domain_transform/"

  private func stack(_ file: String) throws -> NumericArray {
    try NPY.read(Shared.fixture(Self.folder + file))
  }

  @Test func gradientsAreThoseOfTheReference() throws {
    let json = try AnyJSON.read(Shared.fixture(Self.folder + "case.json"))
    let (x, upstream) = (try stack("x.npy"), try stack("upstream.npy"))
    let (labels, points) = (x.shape[0], x.shape[1] * x.shape[2])
    let grid = try GridShape([x.shape[1], x.shape[2]])
    let limits = json["tolerance"]["float32"]
    let files = try ["edge", "y", "grad_x", "grad_edge"].map { try stack($0 + ".npy") }
    for (index, run) in json["runs"].elements.enumerated() {
      func part(_ place: Int, _ size: Int) -> [Float] {
        Array(files[place].values[index * size..<(index + 1) * size])
      }
      let transform = DomainTransform(
        sigmaSpatial: try #require(run["sigma_s"].number),
        sigmaColor: try #require(run["sigma_r"].number),
        iterations: Int(try #require(run["iterations"].number)),
        edges: .map(try NumericArray(shape: grid.extents, values: part(0, points))))
      func field(_ array: NumericArray) -> ChannelField {
        ChannelField(points: points, channels: labels, planes: array.values)
      }
      func check(_ found: [Float], _ expected: [Float], _ name: String) {
        let scale = expected.map(\.magnitude).max() ?? 1
        let limit = limits[name].number ?? limits["default"].number ?? 0
        #expect(
          largestDifference(found, expected) <= Float(limit) * max(scale, 1e-30), "\(name)")
      }
      let filtered = try transform.filter(
        field(x), over: Scene(grid: grid), parallelism: .serial)
      check(filtered.planes(), part(1, labels * points), "y")
      let found = try transform.gradients(of: field(x), on: grid, upstream: field(upstream))
      check(found.scores.planes(), part(2, labels * points), "grad_x")
      check(found.edges, part(3, points), "grad_edge")
      let expected = run["expected"]
      for (name, value) in [
        ("grad_log_sigma_s", found.sigmaSpatial * transform.sigmaSpatial),
        ("grad_log_sigma_r", found.sigmaColor * transform.sigmaColor),
      ] {
        let truth = try #require(expected[name].number)
        let limit = limits[name].number ?? 0
        #expect(abs(value - truth) <= limit * abs(truth), "\(name): \(value), \(truth)")
      }
    }
  }
}
