import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory that starts on a cache line, which is also the length of the widest vector register.
///
/// Large blocks ask for huge pages, where the system has them: rows of a lattice lie anywhere in
/// tens of megabytes, and with pages of 4 KiB most accesses would miss the address cache too.
///
/// Ends the program where there is no memory, as Swift's own arrays do. Whoever takes sizes from
/// outside compares them with `memoryLimit()` first, and throws.
package func allocateAligned(byteCount: Int) -> UnsafeMutableRawPointer {
  guard let size = LargeBlocks.size(of: byteCount) else {
    return .allocate(byteCount: byteCount, alignment: 64)
  }
  return LargeBlocks.shared.take(size: size) ?? LargeBlocks.map(size: size)
}

/// Frees what `allocateAligned` returned for the same `byteCount`.
package func deallocateAligned(_ block: UnsafeMutableRawPointer, byteCount: Int) {
  guard let size = LargeBlocks.size(of: byteCount) else { return block.deallocate() }
  LargeBlocks.shared.give(block, size: size)
}

/// Lets blocks be kept until they and those in use come to half as much again as was ever in use:
/// for work that needs the same blocks again and again, such as the steps of a training.
package func keepLargeBlocks() {
  LargeBlocks.shared.keepMore()
}

/// Large blocks that are not in use, kept for the next inference: the system takes longer to clear
/// fresh pages than many a stage takes to fill them.
///
/// A request that none serves frees as many as would add to the program's peak.
private final class LargeBlocks: Sendable {
  static let shared = LargeBlocks()
  static let hugePage = 2 << 20
  /// Bytes in use and kept, above which none are kept: what an image of some hundred thousand
  /// points needs. Larger ones take so long that clearing pages does not matter.
  private static let usualLimit = 256 << 20
  /// The same for as many images at a time as there are processors.
  private static let largestLimit = usualLimit * activeProcessorCount()

  private struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let size: Int
  }

  private struct State {
    var kept: [Block] = []
    /// Bytes of blocks in use.
    var used = 0
    /// The largest `used` so far.
    var peak = 0
    var keepsMore = false

    var keptBytes: Int { kept.lazy.map(\.size).reduce(0, +) }
    /// Bytes in use and kept, above which none are kept.
    var limit: Int {
      let needed = keepsMore ? peak + peak / 2 : min(peak, LargeBlocks.largestLimit)
      return max(LargeBlocks.usualLimit, needed)
    }
  }

  private let state = Mutex(State())

  private init() {}

  /// The size in which `byteCount` bytes are allocated; `nil` where they are few.
  static func size(of byteCount: Int) -> Int? {
    byteCount < 2 * hugePage ? nil : (byteCount + hugePage - 1) / hugePage * hugePage
  }

  /// Fresh pages of their own, so that all of them go back to the system when they are freed.
  static func map(size: Int) -> UnsafeMutableRawPointer {
    let all = size + hugePage
    guard
      let pages = mmap(nil, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      pages != MAP_FAILED
    else { fatalError("out of memory: the system refuses a block of \(size) bytes") }
    let block = pages.alignedUp(toMultipleOf: hugePage)
    let before = block - pages
    if before > 0 { munmap(pages, before) }
    if hugePage > before { munmap(block + size, hugePage - before) }
    #if os(Linux)
      // Advice only: where it is refused, ordinary pages serve.
      _ = madvise(block, size, MADV_HUGEPAGE)
    #endif
    return block
  }

  /// A kept block of exactly `size` bytes. Where there is none, the oldest of the others are freed
  /// that would make the peak higher than it was.
  func take(size: Int) -> UnsafeMutableRawPointer? {
    state.withLock { state in
      state.used += size
      state.peak = max(state.peak, state.used)
      if let index = state.kept.lastIndex(where: { $0.size == size }) {
        return state.kept.remove(at: index).base
      }
      let bound = state.keepsMore ? state.limit : state.peak
      var excess = state.used + state.keptBytes - bound
      while excess > 0, !state.kept.isEmpty {
        let oldest = state.kept.removeFirst()
        munmap(oldest.base, oldest.size)
        excess -= oldest.size
      }
      return nil
    }
  }

  func give(_ block: UnsafeMutableRawPointer, size: Int) {
    let isKept = state.withLock { state in
      state.used -= size
      guard state.used + state.keptBytes + size <= state.limit else {
        return false
      }
      state.kept.append(Block(base: block, size: size))
      return true
    }
    if !isKept { munmap(block, size) }
  }

  func keepMore() {
    state.withLock { $0.keepsMore = true }
  }
}
