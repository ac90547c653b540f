import LatticeSupport
import Unaries

/// An array in an NPY file, of which only the boxes that are asked for are read.
///
/// All types of numbers, both byte orders, C and Fortran order.
package final class NPYBoxes: BoxSource {
  private let source: FileSource
  private let decoder: NPYDecoder
  /// Bytes before the data.
  private let offset: Int

  /// Reads the header.
  ///
  /// - Throws: `InputError` where the file cannot be read or its array cannot be used, as
  ///   `NPY.read` does.
  package init(_ path: String, takesBooleans: Bool = false) throws {
    source = try FileSource(path)
    try source.checkIsFile()
    let size = source.remaining ?? 0
    do {
      decoder = NPYDecoder(header: try NPYHeader(from: source, takesBooleans: takesBooleans))
      let rest = source.remaining ?? 0
      offset = size - rest
      try decoder.checkLength(rest)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  package var shape: [Int] { decoder.header.shape }

  /// - Complexity: O(numbers in the box), and one call to the system for each stretch of the file.
  package func read(_ box: [Range<Int>]) throws -> NumericArray {
    do {
      let count = box.reduce(1) { $0 * $1.count }
      let values = try [Float](unsafeUninitializedCapacity: count) { output, filled in
        if decoder.header.isFortranOrder {
          // The file is the array with its axes reversed, in C order.
          let staged = AlignedBuffer<Float>(uninitialized: count)
          try fill(staged.base, box.reversed(), shape.reversed())
          var scatter = FortranScatter(shape: box.map(\.count))
          scatter.put(staged.base, count: count, into: output)
        } else {
          try fill(output.baseAddress!, box, shape)
        }
        filled = count
      }
      return try NumericArray(shape: box.map(\.count), values: values)
    } catch let error as InputError {
      throw error.at(source.name)
    }
  }

  private func fill(
    _ output: UnsafeMutablePointer<Float>, _ box: [Range<Int>], _ shape: [Int]
  ) throws {
    let runs = BoxRuns(box, in: shape)
    let size = decoder.header.number.size
    let perBlock = min(runs.length, transferBlockSize / size)
    let block = AlignedBuffer<UInt8>(uninitialized: perBlock * size)
    var target = output
    try runs.forEach { start in
      for first in stride(from: start, to: start + runs.length, by: perBlock) {
        let count = min(perBlock, start + runs.length - first)
        let bytes = UnsafeMutableRawBufferPointer(start: block.base, count: count * size)
        try source.read(at: offset + first * size, into: bytes)
        try decoder.decode(UnsafeRawPointer(block.base), stored: first, count: count, into: target)
        target += count
      }
    }
  }
}
