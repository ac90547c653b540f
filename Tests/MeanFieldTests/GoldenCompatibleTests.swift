import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// The compatible lattice against pydensecrf's own results.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct GoldenCompatibleTests {
  /// The same algorithm in float32: two builds of pydensecrf differ by up to 1.2e-6, summation
  /// order adds as much again; Q of the a2 cases is stored as float16, which rounds by up to
  /// 2.5e-4.
  static func tolerance(_ golden: GoldenCase) -> Float {
    golden.id.hasPrefix("a2_") ? 3e-4 : 1e-4
  }

  @Test(
    "marginals and labels equal pydensecrf's",
    arguments: GoldenCase.all(ofKind: "densecrf2d", "densecrf_features", "densecrf_grid"))
  func marginals(golden: GoldenCase) throws {
    for run in golden.runs {
      for recomputed in golden.kind == "densecrf_grid" ? [false, true] : [false] {
        let crf = try golden.crf(of: run, recomputed: recomputed)
        let marginals = crf.marginals(iterations: run.updates)
        let expected = try golden.expected("Q", of: run)
        let difference = Comparison(marginals, expected)
        print(
          "\(golden.id) \(run.id): max |ΔQ| \(difference.largest), "
            + "labels equal \(100 * difference.labelAgreement) %")
        #expect(difference.largest <= Self.tolerance(golden), "\(run.id)")
        #expect(difference.labelAgreement >= 0.999, "\(run.id)")
      }
    }
  }

  @Test(
    "klDivergence follows pydensecrf's at every step",
    arguments: GoldenCase.all(ofKind: "densecrf2d_steps", "densecrf_features"))
  func klDivergence(golden: GoldenCase) throws {
    for run in golden.runs {
      let expected = run.expected["kl_divergence"].numbers
      let crf = try golden.crf(of: run)
      let inference = crf.startInference()
      for (iteration, value) in expected.enumerated() {
        let found = crf.energy(of: inference.marginals).klDivergence
        // pydensecrf sums the pairwise part in float32.
        #expect(abs(found - value) <= 1e-4 * abs(value), "\(run.id), iteration \(iteration)")
        inference.step()
      }
    }
  }

  @Test(
    "every step's marginals equal pydensecrf's",
    arguments: GoldenCase.all(ofKind: "densecrf2d_steps"))
  func steps(golden: GoldenCase) throws {
    for run in golden.runs {
      let crf = try golden.crf(of: run)
      let expected = try golden.expected("Q_per_iteration", of: run)
      let size = expected.values.count / expected.shape[0]
      let inference = crf.startInference()
      for iteration in 0..<expected.shape[0] {
        let slice = try NumericArray(
          shape: Array(expected.shape.dropFirst()),
          values: Array(expected.values[iteration * size..<(iteration + 1) * size]))
        let difference = Comparison(inference.marginals, slice)
        #expect(difference.largest <= Self.tolerance(golden), "iteration \(iteration)")
        inference.step()
      }
    }
  }
}
