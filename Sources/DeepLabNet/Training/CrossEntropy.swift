import Support
import Unaries

/// The loss of segmentation networks: −log softmax of the true label's score.
public enum CrossEntropy {
  /// How the losses of labelled positions become one number.
  public enum Reduction: String, Sendable, Codable, CaseIterable {
    /// Their sum; 0 where no position is labelled.
    case sum
    /// Their mean; NaN where no position is labelled.
    case mean
  }

  /// The loss over all labelled positions.
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
    var sum = 0.0
    var count = 0
    for (position, label) in labels.enumerated() where label != ignored {
      guard label < shape.channels else {
        throw InputError(
          .data,
          "position \(position) has the label \(label), but there are \(shape.channels) classes",
          remedy: "relabel it, or ignore it with \(ignored)")
      }
      let row = UnsafeBufferPointer(
        start: scores.base + position * shape.channels, count: shape.channels)
      sum += loss(of: row, label: Int(label))
      count += 1
    }
    return reduction == .mean ? sum / Double(count) : sum
  }

  /// log Σ exp(sₖ − max) − (sₗ − max).
  private static func loss(of scores: UnsafeBufferPointer<Float>, label: Int) -> Double {
    let peak = Double(scores.max() ?? 0)
    let sum = scores.reduce(0.0) { $0 + exponential(Double($1) - peak) }
    return logarithm(sum) - (Double(scores[label]) - peak)
  }
}
