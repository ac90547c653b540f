import CKernels
import LatticeSupport

extension CrossEntropy {
  /// The loss, and how it changes with the scores. Where no position is labelled, both are 0: a
  /// crop may lie in what is ignored.
  ///
  /// - Parameters:
  ///   - scores: batch × height × width × classes, before the softmax.
  ///   - labels: one for each position.
  ///   - ignored: the label of positions that do not count.
  ///   - reduction: what becomes of the losses of all positions.
  ///   - weight: what the loss is multiplied by.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a label is neither a class nor `ignored`.
  /// - Complexity: O(positions × classes).
  static func gradient(
    of scores: Tensor, labels: [UInt16], ignored: UInt16, reduction: Reduction, weight: Double,
    parallelism: Parallelism
  ) throws -> (loss: Double, gradient: Tensor) {
    let shape = scores.shape
    precondition(labels.count == shape.positions, "\(labels.count) labels for \(shape)")
    let count = try labelledCount(labels, classes: shape.channels, ignored: ignored)
    let gradient = Tensor(uninitialized: shape)
    let scale = weight / (reduction == .mean ? Double(max(1, count)) : 1)
    let loss = labels.withUnsafeBufferPointer { labels in
      parallelism.sums(1, over: shape) { positions, sum in
        let start = positions.lowerBound
        sum[0] += ck_cross_entropy(
          scores.base + start * shape.channels, labels.baseAddress! + start, positions.count,
          shape.channels, ignored, Float(scale), gradient.base + start * shape.channels)
      }
    }
    return (loss[0] * scale, gradient)
  }
}
