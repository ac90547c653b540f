import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory that starts on a cache line, which is also the length of the widest vector register.
///
/// Blocks of a megabyte and more ask for huge pages, where the system has them: rows of a lattice
/// lie anywhere in tens of megabytes, and with pages of 4 KiB most accesses would miss the address
/// cache too.
///
/// Ends the program where there is no memory, as Swift's own arrays do. Callers with sizes from
/// outside compares them with `memoryLimit()` first, and throws.
package func allocateAligned(byteCount: Int) -> UnsafeMutableRawPointer {
  guard let block = allocateAlignedIfPossible(byteCount: byteCount) else {
    fatalError("out of memory: the system refuses a block of \(byteCount) bytes")
  }
  return block
}

/// The same for large blocks, but `nil` where the system refuses one.
package func allocateAlignedIfPossible(byteCount: Int) -> UnsafeMutableRawPointer? {
  guard let size = LargeBlocks.size(of: byteCount) else {
    return .allocate(byteCount: byteCount, alignment: 64)
  }
  return LargeBlocks.shared.take(size: size)
}

/// Frees what one of these returned for the same `byteCount`.
package func deallocateAligned(_ block: UnsafeMutableRawPointer, byteCount: Int) {
  guard let size = LargeBlocks.size(of: byteCount) else { return block.deallocate() }
  LargeBlocks.shared.give(block, size: size)
}

extension ck_allocator {
  /// Aligned memory for kernels that allocate.
  package static var aligned: ck_allocator {
    ck_allocator(
      allocate: { allocateAlignedIfPossible(byteCount: $0) },
      release: { block, size in block.map { deallocateAligned($0, byteCount: size) } })
  }
}

/// Lets blocks be kept until they and those in use come to half as much again as was ever in use:
/// for work that needs the same blocks again and again, such as the steps of a training.
package func keepLargeBlocks() {
  LargeBlocks.shared.keepMore()
}
