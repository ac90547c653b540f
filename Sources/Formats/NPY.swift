import LatticeSupport
import Unaries

/// NumPy's file format for one array: reading any plain numbers, writing floats and labels.
///
/// Format versions 1 to 3, both byte orders, C and Fortran order. Pickles are never run: arrays of
/// Python objects, structured arrays, strings and complex numbers are refused, and booleans where
/// they are no masks or labels.
public enum NPY {
  /// The numbers that can be written.
  public enum ElementType: Sendable {
    /// Four bytes a number, exact.
    case float32
    /// Two bytes a number, rounded to the nearest of 11 significant bits; at most ±65504.
    case float16
    /// Two bytes a number, exact: whole numbers 0…65535, such as labels.
    case uint16
  }

  /// Reads an array, as float32 in C order.
  ///
  /// The file must hold exactly what its header says, and at least one number. Values that are not
  /// finite are passed on as they are.
  /// - Throws: `InputError` where the file cannot be read or its array cannot be used, also where a
  ///   float64 is too large for float32.
  /// - Complexity: O(N) time; the result and one block of 1 MiB in memory.
  public static func read(_ path: String) throws -> NumericArray {
    try decode(FileSource(path))
  }

  /// The array in the bytes of an NPY file; `name` stands for the file in messages.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws -> NumericArray {
    try decode(MemorySource(bytes, name: name))
  }

  static func decode(
    _ source: some ByteSource, takesBooleans: Bool = false
  ) throws -> NumericArray {
    do {
      let header = try NPYHeader(from: source, takesBooleans: takesBooleans)
      let values = try NPYDecoder(header: header).values(from: source)
      return try NumericArray(shape: header.shape, values: values)
    } catch let error as InputError {
      throw error.at(source.name)
    }
  }

  /// Writes an array in C order, little endian, as format version 1.0.
  ///
  /// The file appears whole or not at all.
  /// - Throws: `InputError` where the file cannot be created or written, or a finite number is too
  ///   large for `type`.
  public static func write(
    _ array: NumericArray, to path: String, type: ElementType = .float32
  ) throws {
    try write(shape: array.shape, to: path, type: type) { range, block in
      array.values.withUnsafeBufferPointer {
        _ = block.update(fromContentsOf: $0[range])
      }
    }
  }

  /// Writes an array that never stands in memory whole.
  ///
  /// - Parameter fill: is called for consecutive ranges that together cover the array, last axis
  ///   fastest, and puts the numbers of the range into the block.
  package static func write(
    shape: [Int], to path: String, type: ElementType,
    fill: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    let count = shape.reduce(1, *)
    let perBlock = min(max(1, count), transferBlockSize / MemoryLayout<Float>.size)
    let block = AlignedBuffer<Float>(uninitialized: perBlock)
    let encoded = AlignedBuffer<UInt8>(uninitialized: perBlock * type.size)
    try AtomicOutput.write(to: path) { output in
      try output.write(headerBytes(shape: shape, type: type))
      for first in stride(from: 0, to: count, by: perBlock) {
        let range = first..<min(first + perBlock, count)
        try fill(range, UnsafeMutableBufferPointer(start: block.base, count: range.count))
        if let index = type.encode(block.base, count: range.count, into: encoded.base) {
          let place = coordinates(of: first + index, shape: shape)
          throw InputError(
            .data, at: path, "the number \(block[index]) at \(place) does not fit \(type)",
            remedy: "write float32")
        }
        try output.write(
          UnsafeRawBufferPointer(start: encoded.base, count: range.count * type.size))
      }
    }
  }

  static func headerBytes(shape: [Int], type: ElementType) -> [UInt8] {
    // Python writes a tuple of one as `(5,)`.
    let tuple =
      "(" + shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? ",)" : ")")
    let dictionary =
      "{'descr': '\(type.descriptor)', 'fortran_order': False, 'shape': \(tuple), }"
    let preamble = 10
    // NumPy pads the header so that the data start at a multiple of 64 bytes.
    let length = (preamble + dictionary.utf8.count + 1 + 63) / 64 * 64 - preamble
    let padding = [UInt8](repeating: 0x20, count: length - dictionary.utf8.count - 1)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)]
      + Array(dictionary.utf8) + padding + [0x0A]
  }

  static func coordinates(of index: Int, shape: [Int]) -> String {
    var rest = index
    let reversed = shape.reversed().map { extent in
      let coordinate = rest % extent
      rest /= extent
      return coordinate
    }
    return text(reversed.reversed())
  }

  /// Extents or coordinates in a message: `(3, 12, 16)`.
  static func text(_ numbers: [Int]) -> String {
    let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
    return "(" + shown + (numbers.count > 8 ? ", …)" : ")")
  }
}
