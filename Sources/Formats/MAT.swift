import LatticeSupport
import Unaries

/// MATLAB's files of variables, version 5 (`save -v6` and `-v7`): numeric arrays.
///
/// Cells, structures, texts, sparse and complex arrays are passed over. Version 7.3 is HDF5, and is
/// refused as that.
public enum MAT {
  /// Reads one array: the only one in the file, or the one named `member`.
  ///
  /// Its axes are those of MATLAB, in its order: what is 480×640×21 there has the shape
  /// (480,640,21).
  /// - Parameters:
  ///   - path: the file.
  ///   - member: the variable's name.
  /// - Throws: `InputError` where the file cannot be read, is damaged, or has several arrays and
  ///   none is named; it lists them.
  /// - Complexity: O(N) time; the file and the result in memory.
  public static func read(_ path: String, member: String? = nil) throws -> NumericArray {
    let source = try FileSource(path)
    let bytes = try source.bytes(upTo: largestFile)
    return try bytes.withUnsafeBytes { try decode($0, name: path, member: member) }
  }

  /// Far more than scores of a photograph take; bounds what a pipe without an end can do.
  private static let largestFile = 1 << 34

  /// An array in the bytes of a file; `name` stands for the file in messages.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, name: String, member: String? = nil
  ) throws -> NumericArray {
    do {
      let file = try MATFile(bytes)
      var arrays: [(name: String, array: MATArray)] = []
      try file.forEachArray { arrays.append(($0.name, $0)) }
      return try choose(from: arrays, member).array.numbers()
    } catch let error as InputError {
      throw error.at(name)
    }
  }

  private static func choose(
    from arrays: [(name: String, array: MATArray)], _ wanted: String?
  ) throws -> (name: String, array: MATArray) {
    let list = arrays.prefix(20).map { quoted($0.name) }.joined(separator: ", ")
    if let wanted {
      guard let found = arrays.first(where: { $0.name == wanted }) else {
        throw InputError(
          .data, "has no numeric array \(quoted(wanted)); it holds \(list.isEmpty ? "none" : list)",
          remedy: "name one of these")
      }
      return found
    }
    guard arrays.count == 1 else {
      throw InputError(
        .data,
        arrays.isEmpty ? "holds no numeric array" : "holds \(arrays.count) arrays: \(list)",
        remedy: arrays.isEmpty
          ? "save the scores as a full, real array: save(path, 'scores', '-v7')"
          : "choose the scores with \(set: .chosen(.member))")
    }
    return arrays[0]
  }
}

/// The elements of a MAT file in memory.
private struct MATFile {
  private let bytes: UnsafeRawBufferPointer
  private let isBigEndian: Bool

  private static let headerSize = 128
  /// Types of elements (MAT-File Format, table 1-1).
  private static let (matrix, compressed) = (14, 15)

  init(_ bytes: UnsafeRawBufferPointer) throws {
    self.bytes = bytes
    guard bytes.count >= Self.headerSize else {
      throw MATElements.damaged("its header is cut short")
    }
    // The characters MI, as whoever wrote them had them in memory.
    switch (bytes[126], bytes[127]) {
    case (0x49, 0x4D): isBigEndian = false
    case (0x4D, 0x49): isBigEndian = true
    default: throw MATElements.damaged("its header does not tell the order of bytes")
    }
    let version = isBigEndian ? bytes[124] : bytes[125]
    guard version == 1 else { throw MATElements.damaged("its version is \(version), not 1") }
  }

  /// Calls `body` for each numeric array.
  func forEachArray(_ body: (MATArray) throws -> Void) throws {
    var elements = MATElements(bytes, from: Self.headerSize, isBigEndian: isBigEndian)
    while let element = try elements.next(isPadded: false) {
      switch element.type {
      case Self.matrix:
        if let array = try MATArray(Array(element.bytes), isBigEndian: isBigEndian) {
          try body(array)
        }
      case Self.compressed:
        let inflated = try GzipSource(MemorySource(element.bytes, name: "an array"), .zlib)
          .bytes(upTo: memoryLimit())
        let array = try inflated.withUnsafeBytes { bytes -> MATArray? in
          var inner = MATElements(bytes, from: 0, isBigEndian: isBigEndian)
          guard let element = try inner.next(isPadded: false), element.type == Self.matrix else {
            return nil
          }
          return try MATArray(Array(element.bytes), isBigEndian: isBigEndian)
        }
        if let array { try body(array) }
      default: break
      }
    }
  }
}

/// Elements that follow each other: each a type, a size and bytes.
private struct MATElements {
  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let isBigEndian: Bool

  init(_ bytes: UnsafeRawBufferPointer, from position: Int, isBigEndian: Bool) {
    self.bytes = bytes
    self.position = position
    self.isBigEndian = isBigEndian
  }

  static func damaged(_ reason: String) -> InputError {
    InputError(
      .data, "is a damaged MATLAB file (\(reason))", remedy: "save or copy it again")
  }

  private func number(at offset: Int) -> Int {
    let bits = bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    return Int(isBigEndian == StoredNumber.isHostBigEndian ? bits : bits.byteSwapped)
  }

  /// - Parameter isPadded: whether elements begin at multiples of 8 bytes, as in an array; a
  ///   compressed one is as long as it is.
  mutating func next(isPadded: Bool) throws -> (type: Int, bytes: UnsafeRawBufferPointer)? {
    guard position < bytes.count else { return nil }
    guard bytes.count - position >= 8 else {
      // Zeros up to a whole block.
      guard bytes[position...].allSatisfy({ $0 == 0 }) else { throw Self.damaged("it ends early") }
      return nil
    }
    let first = number(at: position)
    // Up to four bytes stand in the place of their own size.
    let isSmall = first >> 16 != 0
    let (type, size) = isSmall ? (first & 0xFFFF, first >> 16) : (first, number(at: position + 4))
    let start = position + (isSmall ? 4 : 8)
    guard !isSmall || size <= 4, size <= bytes.count - start else {
      throw Self.damaged("an element is longer than the file")
    }
    let end = isSmall ? start + 4 : start + size
    position = isPadded ? (end + 7) / 8 * 8 : end
    return (type, UnsafeRawBufferPointer(rebasing: bytes[start..<start + size]))
  }
}

/// A full, real array of numbers.
private struct MATArray {
  let name: String
  private let shape: [Int]
  private let number: StoredNumber
  private let stored: [UInt8]
  private let isBigEndian: Bool

  /// Types of elements that are numbers (MAT-File Format, table 1-1).
  private static let numbers: [Int: StoredNumber] = [
    1: .int8, 2: .uint8, 3: .int16, 4: .uint16, 5: .int32, 6: .uint32, 7: .float32, 9: .float64,
    12: .int64, 13: .uint64,
  ]
  /// Classes of arrays of numbers, from double to uint64 (table 1-3).
  private static let numericClasses = 6...15
  private static let complexFlag = 0x0800
  private static let mostAxes = 32

  /// - Parameter content: the elements of a matrix.
  /// - Returns: `nil` where it is something else than a full, real array of numbers.
  init?(_ content: [UInt8], isBigEndian: Bool) throws {
    self.isBigEndian = isBigEndian
    var parts: [(type: Int, bytes: [UInt8])] = []
    try content.withUnsafeBytes { bytes in
      var elements = MATElements(bytes, from: 0, isBigEndian: isBigEndian)
      while parts.count < 4, let part = try elements.next(isPadded: true) {
        parts.append((part.type, Array(part.bytes)))
      }
    }
    guard parts.count >= 3 else { throw MATElements.damaged("an array lacks its name") }
    let flags = try Self.integers(parts[0], isBigEndian)
    guard let first = flags.first, Self.numericClasses.contains(first & 0xFF),
      first & Self.complexFlag == 0
    else { return nil }
    guard parts.count == 4, let number = Self.numbers[parts[3].type] else {
      throw MATElements.damaged("an array lacks its numbers")
    }
    shape = try Self.integers(parts[1], isBigEndian)
    name = String(decoding: parts[2].bytes, as: UTF8.self)
    self.number = number
    stored = parts[3].bytes
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else {
        throw MATElements.damaged("\(quoted(name)) is too large")
      }
      count = product
    }
    guard (2...Self.mostAxes).contains(shape.count), count == stored.count / number.size,
      stored.count % number.size == 0
    else { throw MATElements.damaged("\(quoted(name)) does not have the size that it claims") }
  }

  private static func integers(
    _ part: (type: Int, bytes: [UInt8]), _ isBigEndian: Bool
  ) throws -> [Int] {
    guard part.type == 5 || part.type == 6, part.bytes.count % 4 == 0 else {
      throw MATElements.damaged("an array does not tell its size")
    }
    return part.bytes.withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map { index in
        let bits = bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
        let isNative = isBigEndian == StoredNumber.isHostBigEndian
        return Int(Int32(bitPattern: isNative ? bits : bits.byteSwapped))
      }
    }
  }

  /// The numbers, first axis slowest.
  func numbers() throws -> NumericArray {
    let count = stored.count / number.size
    guard count > 0 else {
      throw InputError(.data, "\(quoted(name)) is an empty array", remedy: "save one with numbers")
    }
    let columns = try [Float](unsafeUninitializedCapacity: count) { output, filled in
      let overflow = stored.withUnsafeBytes {
        number.decode(
          $0.baseAddress!, count: count, isBigEndian: isBigEndian, into: output.baseAddress!)
      }
      if let overflow {
        throw InputError(
          .data, "the number \(overflow.value) in \(quoted(name)) is too large for float32",
          remedy: "scale or clip the numbers to ±3.4e38 before saving")
      }
      filled = count
    }
    var scatter = FortranScatter(shape: shape)
    let values = [Float](unsafeUninitializedCapacity: count) { output, filled in
      columns.withUnsafeBufferPointer {
        scatter.put($0.baseAddress!, count: count, into: output)
      }
      filled = count
    }
    return try NumericArray(shape: shape, values: values)
  }
}
