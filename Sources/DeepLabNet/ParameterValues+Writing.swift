import Formats
import LatticeSupport
import Unaries

extension ParameterValues {
  /// Appends the values to a file, in their order, little endian; a block of 1 MiB is in memory
  /// beside them.
  ///
  /// - Throws: `InputError` where the file cannot be written or a number does not fit its type.
  func write(as type: NPY.ElementType, to output: AtomicOutput) throws {
    let perBlock = transferBlockSize / type.size
    let block = AlignedBuffer<UInt8>(uninitialized: min(perBlock, count) * type.size)
    for first in stride(from: 0, to: count, by: perBlock) {
      let blockCount = min(perBlock, count - first)
      let base = storage.base + first
      if let index = type.encode(base, count: blockCount, into: block.base) {
        throw InputError(
          .data, "the number \(base[index]) at \(first + index) does not fit float16",
          remedy: "write float32")
      }
      try output.write(UnsafeRawBufferPointer(start: block.base, count: blockCount * type.size))
    }
  }
}
