import Evaluation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// A label map of one row.
func line(_ labels: [UInt16]) throws -> LabelMap {
  try LabelMap(grid: GridShape([1, labels.count]), labels: labels)
}

@Suite("Confusion matrices")
struct ConfusionMatrixTests {
  /// Of three labels the third occurs nowhere; one point is void.
  private func example() throws -> ConfusionMatrix {
    var matrix = ConfusionMatrix(labelCount: 3)
    try matrix.add(
      prediction: line([0, 0, 1, 1, 1, 0, 7]), truth: line([0, 0, 0, 1, 1, 1, 255]), ignoring: 255)
    return matrix
  }

  @Test("points are counted by truth and prediction, void ones left out")
  func counts() throws {
    let matrix = try example()
    #expect(matrix.counts == [2, 1, 0, 1, 2, 0, 0, 0, 0])
    #expect(matrix[truth: 0, prediction: 1] == 1)
    #expect(matrix.total == 6)
    #expect(matrix.occurrences(of: 0) == 3)
    #expect(matrix.predictions(of: 1) == 3)
  }

  @Test("the figures by hand; a label that occurs nowhere has none")
  func figures() throws {
    let matrix = try example()
    #expect(matrix.pixelAccuracy == 4.0 / 6)
    #expect(matrix.accuracies == [2.0 / 3, 2.0 / 3, nil])
    #expect(matrix.meanAccuracy == 2.0 / 3)
    // TP / (TP + FP + FN) = 2 / (2 + 1 + 1).
    #expect(matrix.intersectionsOverUnion == [0.5, 0.5, nil])
    #expect(matrix.meanIOU == 0.5)
    #expect(matrix.meanIOU(countingAbsentAsZero: false) == 0.5)
    #expect(matrix.meanIOU(countingAbsentAsZero: true) == 1.0 / 3)
    #expect(matrix.frequencyWeightedIOU == 0.5)
  }

  @Test("frequency weights follow the truth, and a label only predicted counts with 0")
  func onlyPredicted() throws {
    var matrix = ConfusionMatrix(labelCount: 3)
    try matrix.add(prediction: line([0, 0, 0, 1, 2]), truth: line([0, 0, 0, 1, 1]))
    #expect(matrix.intersectionsOverUnion == [1, 0.5, 0])
    #expect(matrix.meanIOU == 0.5)
    #expect(matrix.accuracies == [1, 0.5, nil])
    #expect(matrix.meanAccuracy == 0.75)
    // Sums of decimal fractions: a few roundings of 2⁻⁵³.
    let weighted = try #require(matrix.frequencyWeightedIOU)
    // Shares of the truth: 0.6 and 0.4.
    #expect(abs(weighted - 0.8) < 1e-15)
  }

  @Test("nothing counted has no figures")
  func empty() throws {
    var matrix = ConfusionMatrix(labelCount: 2)
    try matrix.add(prediction: line([0]), truth: line([255]), ignoring: 255)
    #expect(matrix.pixelAccuracy == nil)
    #expect(matrix.meanAccuracy == nil)
    #expect(matrix.meanIOU == nil)
    #expect(matrix.meanIOU(countingAbsentAsZero: true) == nil)
    #expect(matrix.frequencyWeightedIOU == nil)
  }

  @Test("a sum of matrices is the matrix of all images", arguments: [UInt64(1), 2, 3])
  func sum(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    func randomLine() throws -> LabelMap {
      try line((0..<100).map { _ in UInt16.random(in: 0..<5, using: &generator) })
    }
    var all = ConfusionMatrix(labelCount: 5)
    var merged = ConfusionMatrix(labelCount: 5)
    var expected = [Int64](repeating: 0, count: 25)
    for _ in 0..<4 {
      let (prediction, truth) = (try randomLine(), try randomLine())
      var single = ConfusionMatrix(labelCount: 5)
      try single.add(prediction: prediction, truth: truth)
      try all.add(prediction: prediction, truth: truth)
      merged += single
      for point in 0..<100 {
        expected[Int(truth.labels[point]) * 5 + Int(prediction.labels[point])] += 1
      }
    }
    #expect(all == merged)
    #expect(all.counts == expected)
  }

  @Test("labels out of range are named with their position, and nothing is counted")
  func outOfRange() throws {
    var matrix = ConfusionMatrix(labelCount: 3)
    let good = try LabelMap(grid: GridShape([2, 2]), labels: [0, 1, 2, 0])
    let bad = try LabelMap(grid: GridShape([2, 2]), labels: [0, 1, 2, 255])
    let truth = errorText { try matrix.add(prediction: good, truth: bad) }
    #expect(
      truth.contains("the ground truth has label 255 at row 1, column 1, which is out of range"),
      "\(truth)")
    #expect(truth.contains("expected 0…2") && truth.contains("void label"), "\(truth)")
    let prediction = errorText { try matrix.add(prediction: bad, truth: good, ignoring: 255) }
    #expect(prediction.contains("the prediction has label 255 at row 1, column 1"), "\(prediction)")
    #expect(matrix.total == 0)
  }

  @Test("maps of different sizes are refused")
  func sizes() throws {
    var matrix = ConfusionMatrix(labelCount: 3)
    let text = errorText { try matrix.add(prediction: line([0, 1]), truth: line([0, 1, 2])) }
    #expect(text.contains("a prediction of 2×1 does not fit a ground truth of 3×1"), "\(text)")
  }
}
