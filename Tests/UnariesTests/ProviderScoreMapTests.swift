import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Unaries from score maps")
struct ProviderScoreMapTests {
  @Test("logits become −log of their softmax", arguments: ChannelLayout.allCases)
  func logits(layout: ChannelLayout) throws {
    let scores = try RandomScores(labels: 5, extents: [7, 9])
    let unary = try ScoreMapUnary(scores.array(layout), kind: .logits, layout: layout)
    #expect(unary.labelCount == 5)
    #expect(unary.nativeGrid == scores.grid)
    #expect(try unary.resampling(to: scores.grid) == nil)
    let energies = try unary.energies(for: Scene(grid: scores.grid)).values.rows()
    let expected = (0..<scores.grid.count).flatMap {
      Reference.energies(logits: scores.scores(at: $0))
    }
    // A few roundings of numbers up to 12: 2⁻²⁴ · 12 each.
    #expect(largestDifference(energies, expected) < 5e-6)
  }

  @Test("probabilities become their −log, clipped", arguments: [Float(1e-5), 1e-2])
  func probabilities(minimum: Float) throws {
    let scores = try RandomScores(labels: 4, extents: [6, 5], spread: 6).softmax()
    let unary = try ScoreMapUnary(
      scores.array(.channelsFirst), kind: .probabilities, layout: .channelsFirst,
      minimumProbability: minimum)
    let energies = try unary.energies(for: Scene(grid: scores.grid)).values.rows()
    let expected = (0..<scores.grid.count).flatMap { point in
      scores.scores(at: point).map { -log(min(1, max($0, Double(minimum)))) }
    }
    // One logarithm of a float: within 2⁻²³ of values up to 12.
    #expect(largestDifference(energies, expected) < 2e-6)
    #expect(energies.max()! <= Float(-log(Double(minimum))) * (1 + 1e-6))
  }

  @Test("energies pass unchanged")
  func energies() throws {
    let extremes: [Float] = [
      -3, 0, 1e30, -.greatestFiniteMagnitude, .greatestFiniteMagnitude, 7,
    ]
    let unary = try ScoreMapUnary(
      NumericArray(shape: [2, 1, 3], values: extremes), kind: .energies, layout: .channelsFirst)
    let energies = try unary.energies(for: Scene(grid: unary.nativeGrid))
    #expect(energies.values.planes() == extremes)
  }

  @Test("huge logits give finite energies", arguments: [[1, 2], [3, 7]])
  func hugeLogits(extents: [Int]) throws {
    let most = Float.greatestFiniteMagnitude
    let unary = try ScoreMapUnary(
      NumericArray(shape: [3, 1, 2], values: [3e38, -most, -3e38, most, 0, most]), kind: .logits,
      layout: .channelsFirst)
    let energies = try unary.energies(for: Scene(grid: GridShape(extents))).values.rows()
    #expect(energies.allSatisfy { $0.isFinite && $0 >= 0 })
    // Label 0 wins the first point outright, labels 1 and 2 share the last.
    let (ceiling, half) = (Float(-log(1e-5)), Float(log(2.0)))
    #expect(
      largestDifference(Array(energies.prefix(3)), [0, ceiling, ceiling].map(Double.init)) < 2e-6)
    #expect(
      largestDifference(Array(energies.suffix(3)), [ceiling, half, half].map(Double.init)) < 2e-6)
  }

  @Test("a single label has energy 0")
  func singleLabel() throws {
    let unary = try ScoreMapUnary(
      NumericArray(shape: [1, 2, 2], values: [-4, 0, 9, 1]), kind: .logits, layout: .channelsFirst)
    let energies = try unary.energies(for: Scene(grid: unary.nativeGrid))
    #expect(energies.values.rows() == [0, 0, 0, 0])
  }

  @Test(
    "arrays that are no scores are refused",
    arguments: [
      ([], "() have no axes"), ([5], "(5,) have no axes"), ([0, 4, 4], "(0, 4, 4) are empty"),
      ([3, 0, 4], "(3, 0, 4) are empty"),
      ([70_000, 1, 1], "read as (L,H,W) have 70000 labels, but at most 65536"),
    ])
  func badShapes(shape: [Int], problem: String) throws {
    let array = try NumericArray(
      shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *)))
    let text = errorText {
      _ = try ScoreMapUnary(array, kind: .logits, layout: .channelsFirst)
    }
    #expect(text.contains(problem) && text.contains("(L,H,W)"), "\(text)")
  }

  @Test(
    "an energy that is neither finite nor inf is named with its label and position",
    arguments: ChannelLayout.allCases, [Float.nan, -.infinity])
  func notFinite(layout: ChannelLayout, value: Float) throws {
    let array = try RandomScores(labels: 3, extents: [4, 5]).array(layout)
    var values = array.values
    // Label 2 at row 1, column 3.
    values[layout == .channelsFirst ? 2 * 20 + 8 : 8 * 3 + 2] = value
    let text = errorText {
      _ = try ScoreMapUnary(
        NumericArray(shape: array.shape, values: values), kind: .energies, layout: layout)
    }
    #expect(text.contains("the score of label 2 at row 1, column 3 is \(value)"), "\(text)")
    #expect(text.contains("must be finite"), "\(text)")
  }

  @Test("numbers that are no probabilities are refused with their place")
  func badProbabilities() throws {
    func text(_ values: [Float]) -> String {
      errorText {
        _ = try ScoreMapUnary(
          NumericArray(shape: [2, 1, 2], values: values), kind: .probabilities,
          layout: .channelsFirst)
      }
    }
    let negative = text([0.5, -0.2, 0.5, 1.2])
    #expect(negative.contains("probability of label 0 at row 0, column 1 is -0.2"), "\(negative)")
    #expect(negative.contains("the score kind 'logits'"), "\(negative)")
    let large = text([0.5, 0, 0.5, 12])
    #expect(large.contains("label 1 at row 0, column 1 is 12.0, but must lie in 0…1"), "\(large)")
    let sum = text([0.5, 0.5, 0.5, 0.75])
    #expect(sum.contains("row 0, column 1 sum to 1.25, but must sum to 1"), "\(sum)")
    #expect(sum.contains("the score kind 'logits'"), "\(sum)")
    // Rounding of half-precision files is let through.
    #expect(text([0.5, -0.0005, 0.495, 1.0005]) == "")
  }

  @Test("probabilities in the other order of axes are recognised")
  func probabilitiesOfOtherLayout() throws {
    let array = try RandomScores(labels: 3, extents: [6, 5]).softmax().array(.channelsLast)
    let text = errorText {
      _ = try ScoreMapUnary(array, kind: .probabilities, layout: .channelsFirst)
    }
    #expect(text.contains("looks like (H,W,L): use the layout with the labels last"), "\(text)")
  }

  @Test("the least probability must lie between 0 and 1", arguments: [Float(0), 1, -1, .nan])
  func badMinimum(minimum: Float) throws {
    let array = try RandomScores(labels: 2, extents: [2, 2]).array(.channelsFirst)
    let text = errorText {
      _ = try ScoreMapUnary(
        array, kind: .logits, layout: .channelsFirst, minimumProbability: minimum)
    }
    #expect(text.contains("the minimum probability is \(minimum)"), "\(text)")
    #expect(text.contains("1e-5"), "\(text)")
  }
}
