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
  ///   - group: the processes whose shares make up the batch: the mean is that over all of it, and
  ///     the loss is this share's part of it; `nil` where there is one.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a label is neither a class nor `ignored`.
  /// - Complexity: O(positions × classes).
  static func gradient(
    of scores: Tensor, labels: [UInt16], ignored: UInt16, reduction: Reduction, weight: Double,
    group: (any TrainingGroup)? = nil, parallelism: Parallelism
  ) throws -> (loss: Double, gradient: Tensor) {
    let shape = scores.shape
    precondition(labels.count == shape.positions, "\(labels.count) labels for \(shape)")
    let count = try labelledCount(labels, classes: shape.channels, ignored: ignored)
    let gradient = Tensor(uninitialized: shape)
    let scale = weight / (reduction == .mean ? max(1, group.sums(of: [Double(count)])[0]) : 1)
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
