import Support
import Synchronization

/// Memory that threads borrow for a piece of work and give back, so that each piece does not ask the system.
final class ScratchMemory: Sendable {
  static let shared = ScratchMemory()

  private let buffers = Mutex<[AlignedBuffer<Float>]>([])

  private init() {}

  /// Calls `body` with memory for `count` floats with unspecified contents, on a cache line.
  func with(count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    let buffer = take(count)
    body(buffer.base)
    buffers.withLock { $0.append(buffer) }
  }

  /// Frees what nobody borrows.
  func release() {
    buffers.withLock { $0.removeAll() }
  }

  /// A buffer that is large enough; one that is too small makes room for it.
  private func take(_ count: Int) -> AlignedBuffer<Float> {
    let kept = buffers.withLock { buffers -> AlignedBuffer<Float>? in
      if let index = buffers.firstIndex(where: { $0.count >= count }) {
        return buffers.remove(at: index)
      }
      _ = buffers.popLast()
      return nil
    }
    return kept ?? AlignedBuffer(uninitialized: count)
  }
}
