import LatticeSupport

/// The processes that train one network together: each computes the gradients of its share of every
/// batch, and all take the same steps.
///
/// All members call the same functions in the same order. Sums are taken in an order that does not
/// change from run to run, and are the same bits in every process.
public protocol TrainingGroup: AnyObject, Sendable {
  /// Which process this is: 0..<`count`.
  var rank: Int { get }
  /// How many there are.
  var count: Int { get }

  /// Replaces `values` by their sums over all processes.
  func sum(_ values: UnsafeMutableBufferPointer<Float>)
  /// Replaces `values` by their sums over all processes.
  func sum(_ values: UnsafeMutableBufferPointer<Double>)
}

extension TrainingGroup {
  /// Which of `count` images of a batch this process sees: shares that differ by one at most.
  package func share(of images: Int) -> Range<Int> {
    images * rank / count..<images * (rank + 1) / count
  }

  func sums(of values: [Double]) -> [Double] {
    var values = values
    values.withUnsafeMutableBufferPointer { sum($0) }
    return values
  }
}

extension Optional where Wrapped == any TrainingGroup {
  /// The sums over all processes, or the values of the only one.
  func sums(of values: [Double]) -> [Double] { self?.sums(of: values) ?? values }
}

extension TrainingGroup {
  /// Values that are sent together where each parameter has few: messages cost time each.
  private static var bucket: Int { 1 << 20 }

  /// Replaces gradients by their sums over all processes.
  ///
  /// - Complexity: 2(n − 1)/n of their bytes pass through each of n processes.
  func sum(_ gradients: ParameterGradients) {
    var waiting: [ParameterValues] = []
    var size = 0
    func flush() {
      guard size > 0 else { return }
      withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { together in
        var place = 0
        for values in waiting {
          (together.baseAddress! + place).update(from: values.storage.base, count: values.count)
          place += values.count
        }
        sum(together)
        place = 0
        for values in waiting {
          values.storage.base.update(from: together.baseAddress! + place, count: values.count)
          place += values.count
        }
      }
      (waiting, size) = ([], 0)
    }
    for case let values? in gradients.values {
      if values.count >= Self.bucket {
        sum(UnsafeMutableBufferPointer(start: values.storage.base, count: values.count))
        continue
      }
      if size + values.count > Self.bucket { flush() }
      waiting.append(values)
      size += values.count
    }
    flush()
  }
}
