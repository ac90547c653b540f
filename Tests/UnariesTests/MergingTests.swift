import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Merged scores, against the definitions and by hand.
struct MergingTests {
  /// Energies that are known.
  private struct Known: Unary {
    let field: EnergyField
    var labelCount: Int { field.labelCount }
    func energies(for scene: Scene) -> EnergyField { field }

    /// Of probabilities, exactly: a label of probability 0 is ruled out.
    init(_ probabilities: [Float], labels: Int, grid: GridShape) throws {
      field = try EnergyField(
        grid: grid, labelCount: labels, planes: probabilities.map { -log($0) })
    }
  }

  private func merged(
    _ maps: [[Float]], labels: Int, by rule: EnsembleUnary.Rule, weights: [Float]? = nil,
    grid: GridShape
  ) throws -> [Float] {
    let members = try maps.map { try Known($0, labels: labels, grid: grid) }
    let energies = try EnsembleUnary(
      members, by: rule, weights: weights, minimumProbability: 1e-30
    ).energies(for: Scene(grid: grid))
    return energies.values.planes().map { exp(-$0) }
  }

  /// What 0.2, 0.5, 0.3 and 0.6, 0.4, 0 are merged to. The geometric means are √0.12, √0.2 and
  /// √(0.3 · 10⁻¹⁰), and their sum 0.79363.
  private static let byHand: [EnsembleUnary.Rule: [Float]] = [
    .mean: [0.4, 0.45, 0.15],
    .geometricMean: [0.34641 / 0.79363, 0.447214 / 0.79363, 5.477e-6 / 0.79363],
    .maximum: [0.6 / 1.4, 0.5 / 1.4, 0.3 / 1.4],
  ]

  @Test(arguments: EnsembleUnary.Rule.allCases)
  func rulesByHand(rule: EnsembleUnary.Rule) throws {
    let expected = try #require(Self.byHand[rule])
    let found = try merged(
      [[0.2, 0.5, 0.3], [0.6, 0.4, 0]], labels: 3, by: rule,
      grid: GridShape(width: 1, height: 1))
    // Five digits of the numbers above.
    for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) < 1e-5) }
  }

  @Test(arguments: EnsembleUnary.Rule.allCases)
  func oneMemberIsItself(rule: EnsembleUnary.Rule) throws {
    let found = try merged([[0.2, 0.5, 0.3]], labels: 3, by: rule, grid: GridShape([1]))
    // A few roundings of logarithms of size 2.
    for (value, wanted) in zip(found, [0.2, 0.5, 0.3] as [Float]) {
      #expect(abs(value - wanted) < 1e-6)
    }
  }

  @Test func aWeightOfZeroLeavesAMemberOut() throws {
    let maps: [[Float]] = [[0.2, 0.8], [0.7, 0.3]]
    for rule in [EnsembleUnary.Rule.mean, .geometricMean] {
      let found = try merged(
        maps, labels: 2, by: rule, weights: [0, 3], grid: GridShape([1]))
      for (value, wanted) in zip(found, maps[1]) { #expect(abs(value - wanted) < 1e-6) }
    }
  }

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: ["mean", "gmean", "max", "mean_weighted", "gmean_weighted"])
  func goldenRules(run: String) throws {
    let maps = try NPY.read(Shared.fixture("post/merge_scores/maps.npy"))
    let expected = try NPY.read(Shared.fixture("post/merge_scores/\(run).npy"))
    let (labels, height, width) = (maps.shape[1], maps.shape[2], maps.shape[3])
    let size = labels * height * width
    let rule: EnsembleUnary.Rule =
      run.hasPrefix("mean") ? .mean : run.hasPrefix("gmean") ? .geometricMean : .maximum
    let found = try merged(
      (0..<maps.shape[0]).map { Array(maps.values[$0 * size..<($0 + 1) * size]) }, labels: labels,
      by: rule, weights: run.hasSuffix("weighted") ? [0.5, 0.3, 0.2] : nil,
      grid: GridShape(width: width, height: height))
    // The case's tolerance, of float32 logarithms and sums of three maps, and as much for going
    // there and back through energies.
    let largest = zip(found, expected.values).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest < 4e-6)
  }
}
