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
package func allocateAligned(byteCount: Int) -> UnsafeMutableRawPointer {
  let hugePage = 2 << 20
  guard byteCount >= 2 * hugePage else {
    return .allocate(byteCount: byteCount, alignment: 64)
  }
  let block = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: hugePage)
  #if os(Linux)
    // Advice only: where it is refused, ordinary pages serve.
    _ = madvise(block, byteCount, MADV_HUGEPAGE)
  #endif
  return block
}
