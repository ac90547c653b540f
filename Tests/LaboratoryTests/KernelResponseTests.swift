import Conformance
import Laboratory
import Lattice
import LatticeSupport
import MeanField
import Testing
import Unaries

/// Rows of kernels, effective numbers of neighbours and eigenvalues, against their definitions.
struct KernelResponseTests {
  private static func features(_ points: Int) throws -> FeatureMatrix {
    try Conformance.randomFeatures([1, points], dimensions: 2, spread: 3)
  }

  @Test("rows of the exact filter are the Gaussian's")
  func rows() throws {
    let features = try Self.features(40)
    let filter = try ExactBackend(threshold: 0).makeFilter(for: features, parallelism: .serial)
    let listeners = [0, 17, 39]
    for (row, listener) in zip(KernelResponse(filter).rows(of: listeners), listeners) {
      let truth = KernelResponse.exactRow(of: listener, features)
      // Weights of the exact filter are 2e-7·(1 + ½r²) off.
      #expect(zip(row, truth).allSatisfy { abs($0 - $1) <= 2e-6 })
    }
  }

  @Test("of k equal weights k neighbours are counted")
  func neighbours() {
    #expect(KernelResponse.effectiveCount([0, 2, 2, 2, 0]) == 3)
    #expect(KernelResponse.effectiveCount([5]) == 1)
    #expect(KernelResponse.effectiveCount([0, 0]) == 0)
    #expect(KernelResponse.effectiveCount([3, 1]) == 1.6)
  }

  @Test("samples are spread over all points")
  func samples() {
    #expect(KernelResponse.sample(4, of: 100) == [12, 37, 62, 87])
    #expect(KernelResponse.sample(9, of: 3) == [0, 1, 2])
  }

  /// Pairs far from each other: each has the eigenvalues 1 and (1 − w) / (1 + w), and those that
  /// are alike are found once.
  @Test("the spectrum of separate pairs is that of each pair")
  func pairs() throws {
    let distances: [Float] = [0.5, 1, 2]
    let rows = distances.enumerated().flatMap { [50 * Float($0), 50 * Float($0) + $1] }
    let features = try FeatureMatrix(points: rows.count, dimensions: 1, rows: rows)
    let filter = try ExactBackend(threshold: 0).makeFilter(for: features, parallelism: .serial)
    let found = KernelResponse(filter).spectrum(6)
    let weights = distances.map { exponential(-0.5 * Double($0 * $0)) }
    let expected = [1] + weights.map { (1 - $0) / (1 + $0) }.sorted(by: >)
    // Sums in float32; steps that are nothing but rounding end the iteration, or add what is found
    // again.
    #expect(found.count >= 4)
    for value in expected { #expect(found.contains { abs($0 - value) < 1e-5 }, "\(value)") }
    for value in found { #expect(expected.contains { abs($0 - value) < 1e-5 }, "\(value)") }
  }

  /// Two points: K = [[1, w], [w, 1]], and both rows sum to 1 + w.
  @Test("two points have the eigenvalues 1 and (1 − w) / (1 + w)")
  func pair() throws {
    let features = try FeatureMatrix(points: 2, dimensions: 1, rows: [0, 1])
    let filter = try ExactBackend(threshold: 0).makeFilter(for: features, parallelism: .serial)
    let found = KernelResponse(filter).spectrum(4)
    let w = exponential(-0.5)
    #expect(found.count == 2)
    #expect(abs(found[0] - 1) < 1e-6 && abs(found[1] - (1 - w) / (1 + w)) < 1e-6)
  }

  @Test("a view has the Gaussian and each filter, and says where they differ")
  func view() throws {
    let grid = GridShape(width: 30, height: 20)
    let kernel = try Description(
      JSONValue(description: "gaussian:spatial=3"), in: KernelKind.registry)
    let filters = try ["exact", "permutohedral", "window:radius=2"].map {
      try Description(JSONValue(description: $0), in: FilterKind.registry)
    }
    let view = try ResponseSet(
      kernel, filters, over: Scene(grid: grid), sample: 8, eigenvalues: 3
    ).view(of: 10 * 30 + 15)
    #expect(view.responses.map(\.name) == ["exact", "exact", "permutohedral", "window:radius=2"])
    let elsewhere = view.responses.map(\.elsewhere)
    #expect(elsewhere[0] == nil)
    // Two ways to the same Gaussian; the lattice; a window of less than a bandwidth.
    let shares = elsewhere.compactMap(\.self)
    #expect(shares[0] < 1e-5 && shares[1] > 0.01 && shares[1] < 0.4 && shares[2] > 0.5)
    // 4πσ² points under a Gaussian of positions, far from the borders.
    #expect(abs(view.responses[0].neighbours / (4 * Double.pi * 9) - 1) < 0.02)
    #expect(view.responses[3].neighbours < 25.0001)
    #expect(view.responses.allSatisfy { $0.quartiles.count == 3 && $0.eigenvalues.count == 3 })
    #expect(view.responses.allSatisfy { abs($0.eigenvalues[0] - 1) < 0.05 })
  }
}
