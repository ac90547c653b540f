import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// CRFs that share filters against CRFs of their own.
struct SharedFilterTests {
  private let scene: Scene
  private let unary: EnergyField
  private static let weightings: [[Float]] = [[0.5, 2], [3, 0], [1, 4]]

  init() throws {
    (scene, unary) = try FusedSweepTests.problem(width: 61, height: 37, labels: 5, seed: 3)
  }

  private func terms(_ weights: [Float], _ normalization: Normalization) -> [PairwiseTerm] {
    [
      PairwiseTerm(
        SpatialGaussianKernel(sigma: 2), weight: weights[0], normalization: normalization),
      PairwiseTerm(
        BilateralKernel(spatialSigma: 12, colorSigma: 10), weight: weights[1],
        normalization: normalization),
    ]
  }

  private func crf(
    _ terms: [PairwiseTerm], _ backend: any FilterBackend = .permutohedral(.compatible)
  ) throws -> DenseCRF {
    try DenseCRF(scene: scene, unary: unary, terms: terms, backend: backend)
  }

  @Test(arguments: Normalization.allCases)
  func joinedAndReweightedIsBuiltAnew(normalization: Normalization) throws {
    let parts = try terms([1, 1], normalization).map { try crf([$0]) }
    for weights in Self.weightings {
      let shared = parts[0].joined(with: parts[1]).reweighted(weights)
      let anew = try crf(terms(weights, normalization))
      // The same operations on the same numbers.
      #expect(
        shared.marginals(iterations: 4).values.rows() == anew.marginals(iterations: 4).values.rows()
      )
    }
  }

  @Test(arguments: [true, false])
  func weightingsInOneMemoryAreInferencesOfTheirOwn(isFused: Bool) throws {
    let backend: any FilterBackend =
      isFused ? .permutohedral(.compatible) : FusedSweepTests.OpaqueBackend()
    let shared = try crf(terms([1, 1], .symmetric), backend)
    // Kept beyond the next update, which must not change them.
    var kept: [[Int]: Marginals] = [:]
    shared.infer(weightings: Self.weightings, observing: [1, 2, 5]) {
      kept[[$1, $2]] = $0
    }
    #expect(kept.count == 9)
    for (weighting, weights) in Self.weightings.enumerated() {
      let own = try crf(terms(weights, .symmetric), backend)
      for (place, count) in [1, 2, 5].enumerated() {
        let found = try #require(kept[[weighting, place]])
        #expect(found.values.rows() == own.marginals(iterations: count).values.rows())
      }
    }
  }

  @Test func anErrorEndsTheInferences() throws {
    struct Enough: Error {}
    var count = 0
    #expect(throws: Enough.self) {
      try crf(terms([1, 1], .symmetric)).infer(weightings: Self.weightings, observing: [1]) {
        _, _, _ in
        count += 1
        if count == 2 { throw Enough() }
      }
    }
    #expect(count == 2)
  }
}
