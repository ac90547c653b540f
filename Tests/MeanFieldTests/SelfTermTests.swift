import Lattice
import LatticeSupport
import MeanField
import Testing
import Unaries

/// Points without neighbours, whose sums are nothing once their own weights are taken out.
struct SelfTermTests {
  @Test(
    "where every point is alone and its own weight is left out, marginals are those of the unary",
    arguments: Normalization.allCases, [SelfTerm.excluded, .excludedBeforeNormalization])
  func loneliness(normalization: Normalization, selfTerm: SelfTerm) throws {
    for backend in FilterKind.registry.all {
      let backend = try backend.make(Settings(backend.settings))
      for points in [1, 7] {
        let grid = try GridShape([points])
        let energies = (0..<2 * points).map { Float($0 % 3) }
        // 100 bandwidths apart.
        let kernel = try FeatureKernel(
          rows: (0..<points).map { 100 * Float($0) + 0.3 }, dimensions: 1)
        let unary = try EnergyField(grid: grid, labelCount: 2, planes: energies)
        let term = PairwiseTerm(
          kernel, weight: 10, normalization: normalization, selfTerm: selfTerm)
        let crf = try DenseCRF(
          scene: Scene(grid: grid), unary: unary, terms: [term], backend: backend)
        let (found, alone) = (crf.marginals(iterations: 3), crf.marginals(iterations: 0))
        // What is left of a sum less its only part, times the weight.
        #expect(
          zip(found.values.rows(), alone.values.rows()).allSatisfy { abs($0 - $1) <= 1e-5 },
          "\(backend.name), \(points) points")
      }
    }
  }

  @Test("a faint neighbour is all that the exact filter hears where own weights are left out")
  func faintNeighbour() throws {
    // exp(−½·6²) is 1.5e-8: less than rounding would leave of 1 + 1.5e-8 − 1.
    let grid = try GridShape([2])
    let kernel = try FeatureKernel(rows: [0, 6], dimensions: 1)
    let unary = try EnergyField(grid: grid, labelCount: 2, planes: [0, 2, 1, 0])
    let crf = try DenseCRF(
      scene: Scene(grid: grid), unary: unary,
      terms: [
        PairwiseTerm(
          kernel, weight: 3, normalization: .after, selfTerm: .excludedBeforeNormalization)
      ], backend: .exact(threshold: 0))
    let start = crf.marginals(iterations: 0).values.rows()
    let found = crf.marginals(iterations: 1).values.rows()
    // Energies less three times the other's marginals.
    for (point, other) in [(0, 1), (1, 0)] {
      let difference =
        (unary.values[point, 1] - 3 * start[2 * other + 1])
        - (unary.values[point, 0] - 3 * start[2 * other])
      let expected = 1 / (1 + Float(exponential(Double(-difference))))
      // The kernel's weight is to 2e-7 of itself times 19, as its documentation says.
      #expect(abs(found[2 * point] - expected) <= 1e-5)
    }
  }
}
