import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Large blocks that are not in use, kept for the next inference: the system takes longer to clear
/// fresh pages than many a stage takes to fill them.
///
/// A request that none serves frees the oldest, until those kept and in use are at most twice as
/// much as was once in use, or, beyond the usual limit, no more than that: an inference asks for
/// blocks of many sizes one after the other, and the next one asks for all of them again. After
/// `keepMore()` it is half as much again as was ever in use.
///
/// Programs that serve others call `endRound()` after each scene: what is kept beyond the usual
/// limit then has to have been in use in two rounds in a row, so that one large scene does not
/// leave its memory behind, and what no round has asked for lately goes back to the system.
package final class LargeBlocks: Sendable {
  package static let shared = LargeBlocks(usualLimit: 256 << 20)
  private static let hugePage = 2 << 20
  /// Rounds after which an unused block is given back.
  private static let idleRounds = 16
  private struct Block: @unchecked Sendable {
    let base: UnsafeMutableRawPointer
    let size: Int
    /// The round in which it was last in use.
    let round: Int
  }

  private struct State {
    /// An image of some hundred thousand points needs as much; larger ones take so long that
    /// clearing pages matters less.
    let usualLimit: Int
    var kept: [Block] = []
    /// Bytes of blocks in use.
    var used = 0
    /// The largest `used` so far.
    var peak = 0
    var keepsMore = false
    /// The rounds that have ended, and the largest `used` in this one and in the last.
    var round = 0
    var roundPeak = 0
    var lastRoundPeak = 0

    var keptBytes: Int { kept.lazy.map(\.size).reduce(0, +) }

    /// Bytes in use and kept, above which no block is kept.
    var limit: Int {
      // Several images at a time need as much each.
      max(usualLimit, keepsMore ? peak + peak / 2 : min(peak, 4 * usualLimit))
    }

    /// Bytes in use and kept, above which a fresh block takes the place of kept ones.
    var bound: Int { keepsMore ? limit : max(peak, min(usualLimit, 2 * peak)) }

    mutating func use(_ size: Int) {
      used += size
      peak = max(peak, used)
      roundPeak = max(roundPeak, used)
    }

    mutating func endRound() {
      let repeated = min(roundPeak, lastRoundPeak, 4 * usualLimit)
      let idle = kept.prefix { $0.round < round - LargeBlocks.idleRounds }
      let idleBytes = idle.lazy.map(\.size).reduce(0, +)
      free(atLeast: max(idleBytes, used + keptBytes - max(usualLimit, repeated)))
      lastRoundPeak = roundPeak
      roundPeak = used
      round += 1
    }

    /// Gives kept blocks back to the system, the oldest first, until `bytes` of them are gone.
    mutating func free(atLeast bytes: Int) {
      var left = bytes
      while left > 0, !kept.isEmpty {
        let oldest = kept.removeFirst()
        munmap(oldest.base, oldest.size)
        left -= oldest.size
      }
    }
  }

  private let state: ForkSafe<State>

  /// - Parameter usualLimit: bytes that are kept in any case, with those in use.
  package init(usualLimit: Int) { state = ForkSafe(State(usualLimit: usualLimit)) }

  /// Bytes of the blocks that are kept.
  package var keptBytes: Int { state.withLock { $0.keptBytes } }

  /// The size in which `byteCount` bytes are allocated, whole huge pages where they fill half of
  /// one; `nil` where they are few.
  package static func size(of byteCount: Int) -> Int? {
    guard byteCount >= hugePage / 8 else { return nil }
    let unit = byteCount < hugePage / 2 ? hugePage / 32 : hugePage
    return (byteCount + unit - 1) / unit * unit
  }

  /// Fresh pages of their own, so that all of them go back to the system when they are freed; `nil`
  /// where it has none.
  private static func map(size: Int) -> UnsafeMutableRawPointer? {
    let isHuge = size % hugePage == 0
    let all = isHuge ? size + hugePage : size
    guard
      let pages = mmap(nil, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      pages != MAP_FAILED
    else { return nil }
    guard isHuge else { return pages }
    let block = pages.alignedUp(toMultipleOf: hugePage)
    let before = block - pages
    if before > 0 { munmap(pages, before) }
    if hugePage > before { munmap(block + size, hugePage - before) }
    preferHugePages(for: UnsafeMutableRawBufferPointer(start: block, count: size))
    return block
  }

  /// Asks for huge pages wherever they fit into memory that is about to be written: the system
  /// clears one in less time than the five hundred small ones that it stands for.
  package static func preferHugePages(for memory: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      guard let base = memory.baseAddress else { return }
      let first = base.alignedUp(toMultipleOf: hugePage)
      let end = (base + memory.count).alignedDown(toMultipleOf: hugePage)
      // Advice only: where it is refused, ordinary pages serve.
      if first < end { _ = madvise(first, end - first, MADV_HUGEPAGE) }
    #endif
  }

  /// A kept block of exactly `size` bytes, or a fresh one; `nil` where the system has none.
  package func take(size: Int) -> UnsafeMutableRawPointer? {
    if let kept = takeKept(size: size) { return kept }
    var fresh = Self.map(size: size)
    if fresh == nil {
      state.withLock { $0.free(atLeast: .max) }
      fresh = Self.map(size: size)
    }
    guard let fresh else { return nil }
    state.withLock { $0.use(size) }
    return fresh
  }

  /// Where no block of `size` is kept, makes room for a fresh one.
  private func takeKept(size: Int) -> UnsafeMutableRawPointer? {
    state.withLock { state in
      if let index = state.kept.lastIndex(where: { $0.size == size }) {
        state.use(size)
        return state.kept.remove(at: index).base
      }
      var after = state
      after.use(size)
      state.free(atLeast: after.used + after.keptBytes - after.bound)
      return nil
    }
  }

  /// Takes a block back, which is kept where the limit allows.
  package func give(_ block: UnsafeMutableRawPointer, size: Int) {
    let isKept = state.withLock { state in
      state.used -= size
      guard state.used + state.keptBytes + size <= state.limit else { return false }
      state.kept.append(Block(base: block, size: size, round: state.round))
      return true
    }
    if !isKept { munmap(block, size) }
  }

  /// Notes that a scene is done with: see above.
  package func endRound() { state.withLock { $0.endRound() } }

  /// Gives all that is kept back to the system.
  package func release() {
    state.withLock { state in
      state.free(atLeast: .max)
      state.peak = state.used
      state.lastRoundPeak = 0
    }
  }

  /// Raises the limit to half as much again as was ever in use.
  package func keepMore() {
    state.withLock { $0.keepsMore = true }
  }
}

/// Memory that is not in use, but kept for the next scene.
public enum KeptMemory {
  /// Gives it back to the system.
  ///
  /// Up to 256 MiB are kept for long, and more where scenes need more one after another; the next
  /// one then takes a little longer.
  public static func release() {
    LargeBlocks.shared.release()
    ck_release_freed_memory()
  }
}

extension Array where Element: BitwiseCopyable {
  /// `count` elements, all of which `write` writes; a large array in huge pages, since the system
  /// takes longer to hand out small ones than many a filter takes to fill them.
  package init<Failure: Error>(
    count: Int, writtenBy write: (UnsafeMutablePointer<Element>) throws(Failure) -> Void
  ) throws(Failure) {
    var failure: Failure?
    self.init(unsafeUninitializedCapacity: count) { output, written in
      guard let base = output.baseAddress, count > 0 else { return }
      LargeBlocks.preferHugePages(for: UnsafeMutableRawBufferPointer(output))
      do throws(Failure) {
        try write(base)
        written = count
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }
}
