import LatticeSupport
import Synchronization

/// Memory that threads borrow for a piece of work and give back, so that each piece does not ask
/// the system.
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

  /// Frees what is not in use.
  func release() {
    buffers.withLock { $0.removeAll() }
  }

  /// The smallest buffer that is large enough; where there is none, a new one in the place of the
  /// largest.
  private func take(_ count: Int) -> AlignedBuffer<Float> {
    let kept = buffers.withLock { buffers -> AlignedBuffer<Float>? in
      let bySize = buffers.indices.sorted { buffers[$0].count < buffers[$1].count }
      if let index = bySize.first(where: { buffers[$0].count >= count }) {
        return buffers.remove(at: index)
      }
      if let largest = bySize.last { buffers.remove(at: largest) }
      return nil
    }
    return kept ?? AlignedBuffer(uninitialized: count)
  }
}
