import DeepLabNet
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Shared.isPresent, Shared.absence), .serialized)
struct TrainingFixtureTests {
  /// Of a loss, a sum or a sum of squares. PyTorch's own float32 is off by up to 5e-4 in sums that
  /// cancel.
  private static let tolerance = 1e-3

  private struct Figures {
    var sum = 0.0
    var squares = 0.0

    init(_ values: [Float], minus start: [Float]? = nil) {
      for (index, value) in values.enumerated() {
        let x = Double(value) - Double(start?[index] ?? 0)
        sum += x
        squares += x * x
      }
    }
  }

  /// - Parameter single: the sum of squares that PyTorch finds in float32, off by up to half a
  ///   percent itself where a small change is the difference of two roundings.
  private func expectClose(
    _ found: Figures, sum: Double?, squares: Double?, single: Double? = nil, count: Int,
    _ name: String
  ) {
    guard let sum, let squares else { return }
    let norm = squares.squareRoot()
    let spread = single.map { 2 * abs($0.squareRoot() - norm) } ?? 0
    let error = abs(found.squares.squareRoot() - norm)
    #expect(error <= max(Self.tolerance * norm, spread), "\(name): norm \(norm)")
    // A sum of n values cancels: its rounding is that of √(n · Σ x²).
    let scale = max(abs(sum), (squares * Double(count)).squareRoot())
    #expect(abs(found.sum - sum) <= Self.tolerance * scale, "\(name): sum")
  }

  @Test(arguments: TrainingFixture.all) func stepsAreThoseOfPyTorch(_ fixture: TrainingFixture)
    throws
  {
    let (trainer, names) = try fixture.trainer()
    let (contents, batch) = (try fixture.contents(), try fixture.batch())
    let start = Dictionary(uniqueKeysWithValues: trainer.snapshot().map { ($0.name, $0.values) })
    let gradients = try trainer.gradients([batch])
    for expected in contents["gradients_after_first_backward"].elements {
      let key = expected["key"].string ?? ""
      let name = try #require(names[key])
      // Frozen normalisations have none.
      guard let found = gradients[name]?.values() else {
        #expect(name.contains(".bn"), "\(name)")
        continue
      }
      expectClose(
        Figures(found), sum: expected["sum"].number, squares: expected["sum_sq"].number,
        count: found.count, "gradient of \(key)")
    }
    for (step, expected) in contents["losses"].numbers.enumerated() {
      let report = try trainer.step([batch])
      #expect(
        abs(report.loss - expected) <= Self.tolerance * expected,
        "step \(step): \(report.loss) instead of \(expected)")
    }
    let end = Dictionary(uniqueKeysWithValues: trainer.snapshot().map { ($0.name, $0.values) })
    let single = contents["tensors_after_last_step_torch_float32"].elements
    for (place, expected) in contents["tensors_after_last_step"].elements.enumerated() {
      let key = expected["key"].string ?? ""
      let name = try #require(names[key])
      let (found, before) = (
        try #require(end[name]).values(), try #require(start[name]).values()
      )
      expectClose(
        Figures(found), sum: expected["sum"].number, squares: expected["sum_sq"].number,
        count: found.count, key)
      expectClose(
        Figures(found, minus: before), sum: expected["change_sum"].number,
        squares: expected["change_sum_sq"].number, single: single[place]["change_sum_sq"].number,
        count: found.count, "change of \(key)")
    }
  }

  @Test func ratesAreThoseOfTheTables() throws {
    let tables = try AnyJSON.read(Shared.fixture("net/train/lr_tables.json"))
    func expect(_ rate: Double, _ expected: Double?) {
      guard let expected else { return }
      #expect(abs(rate - expected) <= 1e-12 * max(1, expected / 1e-3))
    }
    let poly = LearningRateSchedule(.poly, base: 2.5e-4)
    let coarse = LearningRateSchedule(.poly, base: 2.5e-4, every: 10)
    let rows = tables["poly"]["rows"].elements
    #expect(rows.count > 10)
    for row in rows {
      let step = Int(row["iteration"].number ?? 0)
      expect(poly.rate(at: step, of: 20_000), row["poly"].number)
      expect(coarse.rate(at: step, of: 20_000), row["poly_every_10"].number)
    }
    for (step, rate) in tables["poly_short_every_10"]["lr"].numbers.enumerated() {
      expect(coarse.rate(at: step, of: 50), rate)
    }
    let falling = LearningRateSchedule(.step, base: 1e-3, every: 2000)
    for row in tables["step"]["rows"].elements {
      expect(falling.rate(at: Int(row["iteration"].number ?? 0), of: 6000), row["lr"].number)
    }
  }
}
