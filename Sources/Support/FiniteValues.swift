import CKernels
import Synchronization

extension [Float] {
  /// Whether no value is NaN or infinite. O(n).
  package func areFinite(parallelism: Parallelism) -> Bool {
    withUnsafeBufferPointer { values in
      guard let base = values.baseAddress else { return true }
      let foundWrong = Atomic<Bool>(false)
      parallelism.forEachChunk(of: values.count, grain: 1 << 18) { range in
        if !ck_all_finite(base + range.lowerBound, range.count) {
          foundWrong.store(true, ordering: .relaxed)
        }
      }
      return !foundWrong.load(ordering: .relaxed)
    }
  }
}
