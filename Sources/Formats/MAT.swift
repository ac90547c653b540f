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
      let arrays = try MATFile(bytes).arrays()
      return try choose(from: arrays, member).numbers(name: name)
    } catch let error as InputError {
      throw error.at(name)
    }
  }

  private static func choose(from arrays: [MATArray], _ wanted: String?) throws -> MATArray {
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

  /// All numeric arrays; their numbers stay where they are.
  func arrays() throws -> [MATArray] {
    var elements = MATElements(bytes, from: Self.headerSize, isBigEndian: isBigEndian)
    var arrays: [MATArray] = []
    while let element = try elements.next(isPadded: false) {
      switch element.type {
      case Self.matrix:
        if let array = try MATArray(.file(element.bytes), isBigEndian: isBigEndian) {
          arrays.append(array)
        }
      case Self.compressed:
        let inflated = try GzipSource(MemorySource(element.bytes, name: "an array"), .zlib)
          .bytes(upTo: memoryLimit())
        if let range = try matrix(in: inflated),
          let array = try MATArray(.inflated(inflated, range), isBigEndian: isBigEndian)
        {
          arrays.append(array)
        }
      default: break
      }
    }
    return arrays
  }

  /// Where the matrix stands in what was inflated; `nil` where it is something else.
  private func matrix(in inflated: [UInt8]) throws -> Range<Int>? {
    try inflated.withUnsafeBytes { bytes in
      var elements = MATElements(bytes, from: 0, isBigEndian: isBigEndian)
      guard let element = try elements.next(isPadded: false), element.type == Self.matrix else {
        return nil
      }
      return bytes.count - element.bytes.count..<bytes.count
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

/// The bytes of an array: a part of the file, or inflated.
private enum MATContent {
  case file(UnsafeRawBufferPointer)
  case inflated([UInt8], Range<Int>)

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    switch self {
    case .file(let bytes): try body(bytes)
    case .inflated(let bytes, let range):
      try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }
  }
}

/// A full, real array of numbers. The file's bytes must outlive it.
private struct MATArray {
  let name: String
  private let header: NPYHeader
  private let content: MATContent
  /// Where the numbers stand in the content.
  private let stored: Range<Int>

  /// Types of elements that are numbers (MAT-File Format, table 1-1).
  private static let numbers: [Int: StoredNumber] = [
    1: .int8, 2: .uint8, 3: .int16, 4: .uint16, 5: .int32, 6: .uint32, 7: .float32, 9: .float64,
    12: .int64, 13: .uint64,
  ]
  /// Classes of arrays of numbers, from double to uint64 (table 1-3).
  private static let numericClasses = 6...15
  private static let complexFlag = 0x0800

  /// - Parameter content: the elements of a matrix.
  /// - Returns: `nil` where it is something else than a full, real array of numbers.
  init?(_ content: MATContent, isBigEndian: Bool) throws {
    let parts = try content.withBytes { bytes in
      var elements = MATElements(bytes, from: 0, isBigEndian: isBigEndian)
      var parts: [(type: Int, range: Range<Int>)] = []
      while parts.count < 4, let part = try elements.next(isPadded: true) {
        let first = part.bytes.baseAddress.map { $0 - bytes.baseAddress! } ?? 0
        parts.append((part.type, first..<first + part.bytes.count))
      }
      return parts
    }
    guard parts.count >= 3 else { throw MATElements.damaged("an array lacks its name") }
    func integers(_ part: (type: Int, range: Range<Int>)) throws -> [Int] {
      guard part.type == 5 || part.type == 6, part.range.count % 4 == 0 else {
        throw MATElements.damaged("an array does not tell its size")
      }
      return content.withBytes { bytes in
        stride(from: part.range.lowerBound, to: part.range.upperBound, by: 4).map { place in
          let bits = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
          let isNative = isBigEndian == StoredNumber.isHostBigEndian
          return Int(Int32(bitPattern: isNative ? bits : bits.byteSwapped))
        }
      }
    }
    guard let flags = try integers(parts[0]).first, Self.numericClasses.contains(flags & 0xFF),
      flags & Self.complexFlag == 0
    else { return nil }
    guard parts.count == 4, let number = Self.numbers[parts[3].type] else {
      throw MATElements.damaged("an array lacks its numbers")
    }
    let shape = try integers(parts[1])
    guard shape.count >= 2, shape.allSatisfy({ $0 >= 0 }) else {
      throw MATElements.damaged("an array has the size \(NPY.text(shape))")
    }
    header = try NPYHeader(
      number, isBigEndian: isBigEndian, isFortranOrder: true, shape: shape, takesEmpty: true)
    name = content.withBytes { String(decoding: $0[parts[2].range], as: UTF8.self) }
    stored = parts[3].range
    self.content = content
    try NPYDecoder(header: header).checkLength(stored.count)
  }

  /// The numbers, first axis slowest; `name` stands for the file in messages.
  func numbers(name: String) throws -> NumericArray {
    guard header.count > 0 else {
      throw InputError(
        .data, "\(quoted(self.name)) is an empty array", remedy: "save one with numbers")
    }
    let values = try content.withBytes { bytes in
      let source = MemorySource(UnsafeRawBufferPointer(rebasing: bytes[stored]), name: name)
      return try NPYDecoder(header: header).values(from: source)
    }
    return try NumericArray(shape: header.shape, values: values)
  }
}
