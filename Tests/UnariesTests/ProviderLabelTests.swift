import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Unaries from labels")
struct ProviderLabelTests {
  private func energies(
    _ labels: [UInt16], labelCount: Int, confidence: Float, unknown: UnknownLabel = .none
  ) throws -> [Float] {
    let grid = try GridShape([1, labels.count])
    return try LabelUnary(
      LabelMap(grid: grid, labels: labels), labelCount: labelCount, confidence: confidence,
      unknown: unknown
    ).energies(for: Scene(grid: grid)).values.rows()
  }

  // Energies are rounded once, from at most 12, after a confidence rounded to float: relative 2⁻²³.
  private let tolerance = 1e-6

  @Test("the given label has −log c, each other −log((1 − c)/(L − 1))")
  func certainty() throws {
    let found = try energies([2, 0], labelCount: 3, confidence: 0.8)
    let (match, other) = (-log(0.8), -log(0.1))
    #expect(largestDifference(found, [other, other, match, match, other, other]) < tolerance)
  }

  @Test("an unknown point has the same energy throughout")
  func unknown() throws {
    let found = try energies([255, 1], labelCount: 4, confidence: 0.7, unknown: .label(255))
    let (match, other) = (-log(0.7), -log(0.1))
    #expect(
      largestDifference(
        found, [log(4.0), log(4.0), log(4.0), log(4.0), other, match, other, other]) < tolerance)
  }

  @Test("a label in range can be the unknown one, without moving the others")
  func unknownInRange() throws {
    let found = try energies([0, 1], labelCount: 2, confidence: 0.9, unknown: .label(0))
    #expect(largestDifference(found, [log(2.0), log(2.0), -log(0.1), -log(0.9)]) < tolerance)
  }

  /// The figures are those of pydensecrf 1.0 for two labels and a confidence of 0.7.
  @Test("zeroUnsure is pydensecrf's rule")
  func zeroUnsure() throws {
    let found = try energies([0, 1, 2], labelCount: 2, confidence: 0.7, unknown: .zeroUnsure)
    let (match, other) = (0.35667494393873245, 1.203972804325936)
    let unknown = 0.6931471805599453
    #expect(
      largestDifference(found, [unknown, unknown, match, other, other, match]) < tolerance)
  }

  @Test("a single label is certain")
  func singleLabel() throws {
    #expect(
      try energies([0, 255], labelCount: 1, confidence: 0.6, unknown: .label(255)) == [0, 0])
  }

  @Test(
    "labels out of range are named with their position and what was expected",
    arguments: [
      (UnknownLabel.none, UInt16(21), "expected 0…20"),
      (.label(255), 254, "expected 0…20, or 255 for unknown"),
      (.zeroUnsure, 22, "expected 1…21, or 0 for unknown"),
    ])
  func outOfRange(unknown: UnknownLabel, label: UInt16, expected: String) throws {
    var labels = [UInt16](repeating: 1, count: 12)
    labels[7] = label
    let map = try LabelMap(grid: GridShape([3, 4]), labels: labels)
    let text = errorText {
      _ = try LabelUnary(map, labelCount: 21, confidence: 0.5, unknown: unknown)
    }
    #expect(text.contains("label \(label) at row 1, column 3"), "\(text)")
    #expect(text.contains(expected), "\(text)")
    // One above the last label may be the last one, counted from 1.
    let remedy = label == 21 ? "zero-unlabelled" : "name it as the unknown label"
    #expect(text.contains(remedy), "\(text)")
  }

  @Test("the confidence must lie between 0 and 1", arguments: [Float(0), 1, -0.5, 1.5, .nan])
  func badConfidence(confidence: Float) {
    let text = errorText { _ = try energies([0], labelCount: 2, confidence: confidence) }
    #expect(text.contains("confidence in the labels is \(confidence)"), "\(text)")
  }

  @Test("at least one label is needed")
  func noLabels() {
    let text = errorText { _ = try energies([0], labelCount: 0, confidence: 0.5) }
    #expect(text.contains("0 labels are asked for"), "\(text)")
  }

  @Test("a scene of another size is refused, and exchanged axes are recognised")
  func otherSize() throws {
    let map = try LabelMap(grid: GridShape([3, 4]), labels: [UInt16](repeating: 0, count: 12))
    let unary = try LabelUnary(map, labelCount: 2, confidence: 0.5)
    let swapped = errorText {
      _ = try unary.energies(for: Scene(grid: GridShape(width: 3, height: 4)))
    }
    #expect(swapped.contains("labels of 4×3 do not fit a scene of 3×4"), "\(swapped)")
    #expect(swapped.contains("width and height look swapped"), "\(swapped)")
    let other = errorText {
      _ = try unary.energies(for: Scene(grid: GridShape(width: 8, height: 6)))
    }
    #expect(other.contains("4×3") && other.contains("8×6"), "\(other)")
  }
}
