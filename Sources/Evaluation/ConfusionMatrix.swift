import LatticeSupport
import Unaries

/// How many points of each true label were given each label: all accuracies and IOUs follow.
///
/// Counts of several images add up, so that a figure over a data set is one over all its points.
public struct ConfusionMatrix: Sendable, Equatable {
  /// L, the number of labels.
  public let labelCount: Int
  /// L × L counts, `counts[truth * labelCount + prediction]`.
  public private(set) var counts: [Int64]

  /// An empty matrix of `labelCount` labels, at least 1.
  public init(labelCount: Int) {
    precondition(labelCount >= 1, "\(labelCount) labels: at least one is needed")
    self.labelCount = labelCount
    counts = [Int64](repeating: 0, count: labelCount * labelCount)
  }

  /// A matrix of counts that were made before.
  ///
  /// - Parameter counts: L × L of at least 0, as in `counts`.
  /// - Throws: `InputError` where they are not such a matrix, of L ≥ 1.
  public init(counts: [Int64]) throws {
    let labelCount = Int(Double(counts.count).squareRoot())
    guard labelCount >= 1, labelCount * labelCount == counts.count,
      counts.allSatisfy({ (0...Self.mostPoints).contains($0) })
    else {
      throw InputError(
        .data, "\(counts.count) counts are not a confusion matrix: it is square, and counts points")
    }
    self.labelCount = labelCount
    self.counts = counts
  }

  /// More than any data set has, and few enough that counts of many add up.
  private static let mostPoints: Int64 = 1 << 48

  /// The number of points whose label is `truth` and was predicted as `prediction`. O(1).
  public subscript(truth truth: Int, prediction prediction: Int) -> Int64 {
    counts[truth * labelCount + prediction]
  }

  /// The number of points counted.
  public var total: Int64 { counts.reduce(0, +) }

  /// The number of points whose true label is `label`. O(L).
  public func occurrences(of label: Int) -> Int64 {
    counts[label * labelCount..<(label + 1) * labelCount].reduce(0, +)
  }

  /// The number of points that were given `label`, rightly or wrongly. O(L).
  public func predictions(of label: Int) -> Int64 {
    stride(from: label, to: counts.count, by: labelCount).reduce(0) { $0 + counts[$1] }
  }

  /// Counts the points of an image.
  ///
  /// - Parameters:
  ///   - prediction: the labels to judge.
  ///   - truth: the true labels, over the same grid.
  ///   - void: the label of the truth whose points are left out, such as 255.
  /// - Throws: `InputError` where the sizes differ, or a label at a counted point is not one of
  ///   0..<L, naming it and its position; nothing has been counted then.
  /// - Complexity: O(N).
  public mutating func add(
    prediction: LabelMap, truth: LabelMap, ignoring void: UInt16? = nil
  ) throws {
    try Self.check(prediction: prediction, truth: truth, labelCount: labelCount, void: void)
    for (predicted, actual) in zip(prediction.labels, truth.labels) where actual != void {
      count(truth: actual, prediction: predicted)
    }
  }

  /// Counts one point; both labels are in 0..<L.
  mutating func count(truth: UInt16, prediction: UInt16) {
    counts[Int(truth) * labelCount + Int(prediction)] += 1
  }

  /// Adds the counts of a matrix of the same labels.
  public static func += (sum: inout ConfusionMatrix, other: ConfusionMatrix) {
    precondition(
      sum.labelCount == other.labelCount,
      "matrices of \(sum.labelCount) and \(other.labelCount) labels do not add up")
    for index in sum.counts.indices { sum.counts[index] += other.counts[index] }
  }
}

extension ConfusionMatrix {
  /// - Throws: `InputError` where the maps differ in size.
  package static func check(prediction: GridShape, truth: GridShape) throws {
    guard prediction == truth else {
      throw InputError(
        .data, "a prediction of \(prediction) does not fit a ground truth of \(truth)",
        remedy: "both must have the size of the image")
    }
  }

  /// - Throws: `InputError` where the maps differ in size, or hold a label outside 0..<`labelCount`
  ///   at a point whose true label is not `void`.
  static func check(
    prediction: LabelMap, truth: LabelMap, labelCount: Int, void: UInt16?
  ) throws {
    try check(prediction: prediction.grid, truth: truth.grid)
    for (point, actual) in truth.labels.enumerated() where actual != void {
      if actual >= labelCount {
        throw rangeError(
          "ground truth", actual, at: point, of: truth.grid, labelCount: labelCount,
          remedy: truth.rangeRemedy(of: actual, classes: labelCount, ignoring: void)
            ?? "if \(actual) marks points that do not count, name it as the void label")
      }
      let predicted = prediction.labels[point]
      if predicted >= labelCount {
        throw rangeError(
          "prediction", predicted, at: point, of: truth.grid, labelCount: labelCount,
          remedy: prediction.rangeRemedy(
            of: predicted, classes: labelCount, ignoring: nil, mayBeVoid: false)
            ?? "a prediction must give every counted point one of the labels")
      }
    }
  }

  private static func rangeError(
    _ map: String, _ label: UInt16, at point: Int, of grid: GridShape, labelCount: Int,
    remedy: Remedy
  ) -> InputError {
    InputError(
      .data,
      "the \(map) has label \(label) at \(grid.position(of: point)), which is out of range for "
        + "\(labelCount) labels: expected 0…\(labelCount - 1)", remedy: remedy)
  }
}
