import Lattice
import MeanField
import TestSupport
import Testing
import Unaries

/// The bounds of what skipped pairs change hold, for every normalisation and self term.
@Suite
struct SkippedPairsTests {
  @Test(
    "marginals are within the stated bound of those of all pairs",
    arguments: GoldenCase.own(ofKind: "exact") + GoldenCase.all(ofKind: "exact"),
    [0.05, 1e-3, 1e-6])
  func bounds(golden: GoldenCase, threshold: Double) throws {
    for run in golden.runs {
      func crf(_ threshold: Double) throws -> DenseCRF {
        try golden.crf(of: run, backend: ExactBackend(threshold: threshold))
      }
      let skipping = try crf(threshold)
      let all = try crf(0)
      let skipped = try #require(skipping.skippedPairs)
      #expect(skipped.evaluatedShare < 1 && skipped.evaluatedShare > 0)
      #expect(all.skippedPairs == nil)

      let (found, truth) = (skipping.startInference(), all.startInference())
      for iteration in 1...3 {
        found.step()
        truth.step()
        let error = Self.distance(found.marginals, truth.marginals)
        print(
          "\(golden.id) \(run.id) \(threshold), update \(iteration): off by \(error), bounds: "
            + "one update \(skipped.updateErrorBound), result \(found.errorBound)")
        // Rounding of a few updates, as against float64.
        #expect(error <= found.errorBound + 1e-5, "\(run.id), update \(iteration)")
        if iteration == 1 {
          #expect(Double(error) <= skipped.updateErrorBound + 1e-5, "\(run.id)")
        }
      }
      #expect(truth.errorBound == 0)
    }
  }

  private static func distance(_ a: Marginals, _ b: Marginals) -> Float {
    zip(a.values.rows(), b.values.rows()).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }
}
