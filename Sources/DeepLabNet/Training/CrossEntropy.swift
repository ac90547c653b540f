import LatticeSupport
import Unaries

/// The loss of segmentation networks: −log softmax of the true label's score.
public enum CrossEntropy {
  /// How the losses of labelled positions become one number.
  public enum Reduction: String, Sendable, Codable, CaseIterable {
    /// Their sum.
    case sum
    /// Their mean.
    case mean
  }

  /// The loss over all labelled positions. Where there is none the sum is 0 and the mean NaN.
  ///
  /// - Parameters:
  ///   - scores: batch × height × width × classes, before the softmax.
  ///   - labels: one for each position of all images, in the scores' order.
  ///   - ignored: the label of positions that do not count, 255 as a rule.
  ///   - reduction: what becomes of the losses of all positions.
  /// - Throws: `InputError` where a label is neither a class nor `ignored`, or their number is
  ///   wrong.
  /// - Complexity: O(positions × classes).
  public static func loss(
    of scores: Tensor, labels: [UInt16], ignored: UInt16 = 255, reduction: Reduction = .mean
  ) throws -> Double {
    let shape = scores.shape
    guard labels.count == shape.positions else {
      throw InputError(
        .data, "\(shape.positions) positions have scores, but \(labels.count) have labels")
    }
    let count = try labelledCount(labels, classes: shape.channels, ignored: ignored)
    var sum = 0.0
    for (position, label) in labels.enumerated() where label != ignored {
      let row = UnsafeBufferPointer(
        start: scores.base + position * shape.channels, count: shape.channels)
      sum += loss(of: row, label: Int(label))
    }
    return reduction == .mean ? sum / Double(count) : sum
  }

  /// How many positions have a label that counts.
  ///
  /// - Throws: `InputError` where a label is neither a class nor `ignored`.
  static func labelledCount(
    _ labels: [UInt16], classes: Int, ignored: UInt16
  ) throws -> Int {
    var count = 0
    for (position, label) in labels.enumerated() where label != ignored {
      guard label < classes else {
        throw InputError(
          .data, "position \(position) has the label \(label), but there are \(classes) classes",
          remedy: "relabel it, or mark it with \(ignored) to leave it out")
      }
      count += 1
    }
    return count
  }

  /// log Σ exp(sₖ − max) − (sₗ − max).
  private static func loss(of scores: UnsafeBufferPointer<Float>, label: Int) -> Double {
    let peak = Double(scores.max() ?? 0)
    let sum = scores.reduce(0.0) { $0 + exponential(Double($1) - peak) }
    return logarithm(sum) - (Double(scores[label]) - peak)
  }
}
