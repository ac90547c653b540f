import CKernels
import Synchronization

extension [Float] {
  /// Whether no value is NaN or infinite. O(n).
  package func areFinite(parallelism: Parallelism) -> Bool {
    withUnsafeBufferPointer { $0.areFinite(parallelism: parallelism) }
  }
}

extension UnsafeBufferPointer<Float> {
  /// Whether no value is NaN or infinite. O(n).
  package func areFinite(parallelism: Parallelism) -> Bool {
    guard let base = baseAddress else { return true }
    let foundWrong = Atomic<Bool>(false)
    parallelism.forEachChunk(of: count, grain: 1 << 18) { range in
      if !ck_all_finite(base + range.lowerBound, range.count) {
        foundWrong.store(true, ordering: .relaxed)
      }
    }
    return !foundWrong.load(ordering: .relaxed)
  }
}
