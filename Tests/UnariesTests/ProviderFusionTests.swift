import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Unaries made of several")
struct ProviderFusionTests {
  private let grid = GridShape(width: 6, height: 5)

  private func unary(_ scores: RandomScores) throws -> ScoreMapUnary {
    try ScoreMapUnary(scores.array(.channelsFirst), kind: .logits, layout: .channelsFirst)
  }

  @Test(
    "an ensemble has the mean of its members' probabilities",
    arguments: [nil, [1, 1, 1], [1, 0, 3]] as [[Float]?])
  func mean(weights: [Float]?) throws {
    let members = try (0..<3).map {
      try RandomScores(labels: 4, extents: [5, 6], spread: 2, seed: UInt64($0 + 1))
    }
    let ensemble = try EnsembleUnary(members.map(unary), weights: weights)
    let found = try ensemble.energies(for: Scene(grid: grid)).values.rows()
    let shares = (weights ?? [1, 1, 1]).map { Double($0 / (weights ?? [1, 1, 1]).reduce(0, +)) }
    let expected = (0..<grid.count).flatMap { point in
      var sum = [Double](repeating: 0, count: 4)
      for (member, share) in zip(members, shares) {
        let energies = Reference.energies(logits: member.scores(at: point))
        let probabilities = Reference.probabilities(energies: energies)
        for label in 0..<4 { sum[label] += share * probabilities[label] }
      }
      return sum.map { -log(max($0, 1e-5)) }
    }
    // −log p inherits the relative error of p, some 20 roundings: 20 · 2⁻²⁴; energies reach 12.
    #expect(largestDifference(found, expected) < 5e-6)
  }

  @Test("an ensemble of one is its member, but for rounding")
  func single() throws {
    let member = try unary(RandomScores(labels: 3, extents: [5, 6]))
    let alone = try member.energies(for: Scene(grid: grid)).probabilities().rows()
    let ensemble = try EnsembleUnary([member]).energies(for: Scene(grid: grid))
    // Probabilities below the clip of 1e-5 move by as much.
    #expect(
      largestDifference(ensemble.probabilities().rows(), alone.map(Double.init)) < 1e-5)
  }

  @Test("members that do not agree are refused")
  func disagreement() throws {
    let three = try unary(RandomScores(labels: 3, extents: [5, 6]))
    let four = try unary(RandomScores(labels: 4, extents: [5, 6]))
    let text = errorText { _ = try EnsembleUnary([three, four]) }
    #expect(text.contains("member 1 has 4 labels, but member 0 has 3"), "\(text)")
    #expect(errorText { _ = try EnsembleUnary([]) }.contains("no members"))
  }

  @Test("a member that cannot score the scene is named")
  func misfit() throws {
    let members = try [[5, 6], [7, 4]].map { try unary(RandomScores(labels: 3, extents: $0)) }
    let ensemble = try EnsembleUnary(members)
    let text = errorText { _ = try ensemble.energies(for: Scene(grid: grid)) }
    #expect(text.hasPrefix("member 1: scores of shape (3, 7, 4)"), "\(text)")
  }

  @Test(
    "weights that make no mean are refused",
    arguments: [
      ([1], "1 weights are given for 2 members"), ([1, -1], "member 1 is -1.0"),
      ([.nan, 1], "member 0 is nan"), ([0, 0], "all weights of the ensemble are 0"),
    ] as [([Float], String)])
  func badWeights(weights: [Float], problem: String) throws {
    let member = try unary(RandomScores(labels: 3, extents: [5, 6]))
    let text = errorText { _ = try EnsembleUnary([member, member], weights: weights) }
    #expect(text.contains(problem), "\(text)")
  }

  @Test("scales are fused by the maximum of their upsampled logits")
  func maximum() throws {
    let fine = GridShape(width: 24, height: 18)
    let scales = try [[3, 4], [18, 24], [6, 8]].map {
      try RandomScores(labels: 3, extents: $0, seed: UInt64($0[0]))
    }
    let unary = try MultiScaleUnary(
      scales.map { try $0.array(.channelsFirst) }, layout: .channelsFirst)
    #expect(unary.nativeGrids == scales.map(\.grid))
    #expect(try unary.resamplings(to: fine).map { $0 == nil } == [false, true, false])
    let found = try unary.energies(for: Scene(grid: fine)).values.rows()
    let expected = (0..<fine.count).flatMap { point in
      Reference.energies(
        logits: (0..<3).map { label in
          scales.map { scale in
            Reference.upsample(
              scale.planes[label].map(Double.init), from: scale.grid, to: fine, at: point,
              alignCorners: false)
          }.max()!
        })
    }
    // Roundings of logits up to 12 in upsampling and softmax: 2⁻²⁴ · 12 · a few.
    #expect(largestDifference(found, expected) < 5e-6)
  }

  @Test("a single scale is a score map")
  func singleScale() throws {
    let scores = try RandomScores(labels: 3, extents: [3, 4])
    let scene = Scene(grid: GridShape(width: 32, height: 24))
    let fused = try MultiScaleUnary([scores.array(.channelsLast)], layout: .channelsLast)
    #expect(
      try fused.energies(for: scene).values.rows()
        == unary(scores).energies(for: scene).values.rows())
  }

  @Test("scales that cannot be fused are refused by number")
  func badScales() throws {
    func text(_ shapes: [[Int]], _ body: (MultiScaleUnary) throws -> Void = { _ in }) -> String {
      errorText {
        let maps = try shapes.map {
          try NumericArray(shape: $0, values: [Float](repeating: 0, count: $0.reduce(1, *)))
        }
        try body(MultiScaleUnary(maps, layout: .channelsFirst))
      }
    }
    #expect(text([]).contains("no score maps are given"))
    let labels = text([[3, 2, 2], [4, 2, 2]])
    #expect(labels.contains("scale 1 has 4 labels, but scale 0 has 3"), "\(labels)")
    let empty = text([[3, 2, 2], [3, 0, 2]])
    #expect(empty.hasPrefix("scale 1: scores of shape (3, 0, 2) are empty"), "\(empty)")
    let size = text([[3, 5, 6], [3, 6, 5]]) { _ = try $0.energies(for: Scene(grid: grid)) }
    #expect(size.hasPrefix("scale 1: scores of shape (3, 6, 5)"), "\(size)")
  }
}
