import Lattice
import MeanField
import TestSupport
import Testing

/// The exact filter against all pairs in float64.
///
/// One case at a time: tests that run beside these measure memory, and this process counts for
/// them.
@Suite(.serialized, .enabled(if: Shared.isPresent, Shared.absence))
struct GoldenExactTests {
  @Test(
    "marginals and energies equal all pairs in float64", arguments: GoldenCase.all(ofKind: "exact"))
  func marginals(golden: GoldenCase) throws {
    // Five updates in float32, each exact to a few units in the last place.
    try Self.check(golden, tolerance: 1e-5)
  }

  /// - Parameter tolerance: of max |ΔQ| after the run's updates.
  static func check(_ golden: GoldenCase, tolerance: Float) throws {
    for run in golden.runs {
      let crf = try golden.crf(of: run, backend: .exact)
      let inference = crf.startInference()
      let energies = run.expected["energies_per_iteration"].elements
      for (iteration, expected) in energies.enumerated() {
        if iteration > 0 { inference.step() }
        let found = crf.energy(of: inference.marginals)
        for (value, name) in [
          (found.unary, "unary"), (found.pairwise, "pairwise_full"), (found.entropy, "entropy"),
          (found.freeEnergy, "free_energy"), (found.klDivergence, "kl_divergence_formula"),
        ] {
          let truth = try #require(expected[name].number)
          // Sums of float32 marginals, against sums in float64; 1e-4 is what is promised.
          #expect(abs(value - truth) <= 1e-4 * abs(truth), "\(run.id) \(name) at \(iteration)")
        }
      }
      let expected = try golden.expected("Q", of: run)
      let difference = Comparison(inference.marginals, expected)
      print("\(golden.id) \(run.id): max |ΔQ| \(difference.largest)")
      #expect(difference.largest <= tolerance, "\(run.id)")
    }
  }

  @Test(
    "photographs: marginals and labels equal those of all pairs",
    arguments: GoldenCase.all(ofKind: "densecrf2d").filter { $0.id.hasPrefix("a2_") })
  func photographs(golden: GoldenCase) throws {
    for run in golden.runs {
      let crf = try golden.crf(of: run, backend: .exact)
      let inference = crf.startInference()
      while inference.iteration < 10 { inference.step() }
      let expected = try golden.array("q_exact_\(run.id).npy")
      let difference = Comparison(inference.marginals, expected)
      print(
        "\(golden.id) \(run.id): max |ΔQ| \(difference.largest), labels equal "
          + "\(100 * difference.labelAgreement) %, bound \(inference.errorBound)")
      // Skipped pairs change nothing that can be seen …
      #expect(inference.errorBound <= 1e-4, "\(run.id)")
      // … and the expected values are stored as float16, which rounds by up to 2.5e-4.
      #expect(difference.largest <= 3e-4, "\(run.id)")
      #expect(difference.labelAgreement >= 0.9999, "\(run.id)")
    }
  }
}
