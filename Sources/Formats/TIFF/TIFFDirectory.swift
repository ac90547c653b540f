import LatticeSupport
import Unaries

/// A directory of a TIFF or BigTIFF file: its tags, whose values are read when they are asked for.
///
/// It is read here and not by libtiff, which repairs and fills in what ought to be refused, and so
/// that tags can be carried over as they are. Layout: Adobe, "TIFF revision 6.0", 1992, section 2;
/// BigTIFF as libtiff's documentation has it.
struct TIFFDirectory {
  /// A tag as it stands in the file.
  struct Entry {
    let type: Int
    let count: Int
    /// Where its values stand.
    let offset: Int

    var size: Int { count * TIFFType.size(type) }
  }

  /// Where it stands in the file.
  let offset: Int
  /// Where the next one stands; 0 behind the last.
  let next: Int
  private let entries: [Int: Entry]
  private let file: TIFFBytes

  init(_ file: TIFFBytes, at offset: Int) throws {
    self.file = file
    self.offset = offset
    let isBig = file.isBig
    let count = try Int(clamping: file.integer(at: offset, size: isBig ? 8 : 2))
    let (entrySize, first) = isBig ? (20, offset + 8) : (12, offset + 2)
    guard count >= 1, count <= Self.mostEntries, first + count * entrySize <= file.size else {
      throw TIFFBytes.damaged("its directory of \(count) tags does not fit the file")
    }
    var entries: [Int: Entry] = [:]
    for index in 0..<count {
      let place = first + index * entrySize
      let tag = try Int(file.integer(at: place, size: 2))
      let type = try Int(file.integer(at: place + 2, size: 2))
      let number = try Int(clamping: file.integer(at: place + 4, size: isBig ? 8 : 4))
      let (inlineSize, value) = isBig ? (8, place + 12) : (4, place + 8)
      let (size, overflow) = number.multipliedReportingOverflow(by: TIFFType.size(type))
      // A tag of no known type, or of nothing, says nothing; the first of a kind counts.
      guard TIFFType.size(type) > 0, !overflow, entries[tag] == nil else { continue }
      let start =
        size <= inlineSize
        ? value : try Int(clamping: file.integer(at: value, size: isBig ? 8 : 4))
      entries[tag] = Entry(type: type, count: number, offset: start)
    }
    self.entries = entries
    let end = first + count * entrySize
    let pointer = isBig ? 8 : 4
    // Some writers end the file with the last directory.
    next =
      end + pointer <= file.size
      ? try Int(clamping: file.integer(at: end, size: pointer)) : 0
  }

  /// More than any file has.
  private static let mostEntries = 4096

  subscript(tag: Int) -> Entry? { entries[tag] }

  /// The whole numbers of a tag, at most `limit` of them; `nil` where it is not there.
  ///
  /// - Throws: `InputError` where they are something else, or stand outside of the file.
  func integers(_ tag: TIFFTag, limit: Int) throws -> [Int]? {
    guard let entry = entries[tag.rawValue] else { return nil }
    guard entry.count <= limit else {
      throw TIFFBytes.damaged("its tag \(tag) has \(entry.count) values")
    }
    guard TIFFType.isInteger(entry.type) else {
      throw TIFFBytes.damaged("its tag \(tag) is not of whole numbers")
    }
    let bytes = try file.bytes(at: entry.offset, count: entry.size)
    let size = TIFFType.size(entry.type)
    return (0..<entry.count).map { index in
      TIFFType.integer(
        bytes, at: index * size, entry.type, isBigEndian: file.isBigEndian)
    }
  }

  /// The one number of a tag.
  func integer(_ tag: TIFFTag, default value: Int) throws -> Int {
    guard let values = try integers(tag, limit: 1 << 16) else { return value }
    return values.first ?? value
  }

  /// The text of a tag, up to its first zero; `nil` where there is none.
  func text(_ tag: TIFFTag) throws -> String? {
    guard let entry = entries[tag.rawValue], entry.type == TIFFType.ascii,
      entry.count <= Self.longestText
    else { return nil }
    let bytes = try file.bytes(at: entry.offset, count: entry.count)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static let longestText = 1 << 16

  /// The bytes of a tag in little endian, to be carried over; `nil` where it is not there.
  func raw(_ tag: TIFFTag) throws -> TIFFTagValue? {
    guard let entry = entries[tag.rawValue], entry.size <= Self.largestCarried else { return nil }
    var bytes = try file.bytes(at: entry.offset, count: entry.size)
    if file.isBigEndian { TIFFType.swap(&bytes, entry.type) }
    return TIFFTagValue(
      tag: tag.rawValue, type: entry.type, count: entry.count, bytes: bytes)
  }

  private static let largestCarried = 1 << 20
}

/// A tag with its values, in little endian.
struct TIFFTagValue: Sendable, Hashable {
  let tag: Int
  let type: Int
  let count: Int
  let bytes: [UInt8]

  /// The values of a tag of float64.
  var doubles: [Double] {
    guard type == TIFFType.double else { return [] }
    return (0..<count).map { index in
      bytes.withUnsafeBytes {
        Double(
          bitPattern: UInt64(
            littleEndian: $0.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
      }
    }
  }

  /// The values of a tag of unsigned 16 bits.
  var shorts: [Int] {
    guard type == TIFFType.short else { return [] }
    return (0..<count).map { Int(bytes[2 * $0]) | Int(bytes[2 * $0 + 1]) << 8 }
  }
}

/// The tags that are looked at or written.
enum TIFFTag: Int {
  case newSubfileType = 254
  case imageWidth = 256
  case imageLength = 257
  case bitsPerSample = 258
  case compression = 259
  case photometric = 262
  case stripOffsets = 273
  case orientation = 274
  case samplesPerPixel = 277
  case rowsPerStrip = 278
  case stripByteCounts = 279
  case planarConfiguration = 284
  case predictor = 317
  case colorMap = 320
  case tileWidth = 322
  case tileLength = 323
  case tileOffsets = 324
  case tileByteCounts = 325
  case extraSamples = 338
  case sampleFormat = 339
  case pixelScale = 33550
  case tiePoints = 33922
  case transformation = 34264
  case geoKeys = 34735
  case geoDoubles = 34736
  case geoTexts = 34737
  case noData = 42113

  /// What places an image on the Earth.
  static let placing: [TIFFTag] = [
    .pixelScale, .tiePoints, .transformation, .geoKeys, .geoDoubles, .geoTexts,
  ]
}

/// The types of a tag's values.
enum TIFFType {
  static let byte = 1
  static let ascii = 2
  static let short = 3
  static let long = 4
  static let double = 12
  static let long8 = 16

  /// Bytes of a value; 0 of types that there are not.
  static func size(_ type: Int) -> Int {
    switch type {
    case 1, 2, 6, 7: 1
    case 3, 8: 2
    case 4, 9, 11, 13: 4
    case 5, 10, 12, 16, 17, 18: 8
    default: 0
    }
  }

  static func isInteger(_ type: Int) -> Bool { [1, 3, 4, 6, 8, 9, 13, 16, 17, 18].contains(type) }

  static func integer(
    _ bytes: [UInt8], at offset: Int, _ type: Int, isBigEndian: Bool
  ) -> Int {
    func load<Bits: FixedWidthInteger>(_: Bits.Type) -> Int {
      let bits = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Bits.self) }
      return Int(clamping: isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits))
    }
    return switch type {
    case 1: Int(bytes[offset])
    case 6: load(Int8.self)
    case 3: load(UInt16.self)
    case 8: load(Int16.self)
    case 9: load(Int32.self)
    case 16, 18: load(UInt64.self)
    case 17: load(Int64.self)
    default: load(UInt32.self)
    }
  }

  /// Turns the bytes of each value round.
  static func swap(_ bytes: inout [UInt8], _ type: Int) {
    // Fractions are pairs of 32 bits.
    let size = [5, 10].contains(type) ? 4 : size(type)
    guard size > 1 else { return }
    for start in stride(from: 0, to: bytes.count, by: size) {
      bytes[start..<start + size].reverse()
    }
  }
}

/// The bytes of a TIFF file at any place.
final class TIFFBytes {
  let size: Int
  let isBigEndian: Bool
  /// Whether it is BigTIFF, whose offsets have 64 bits.
  let isBig: Bool
  /// Where the first directory stands.
  let first: Int
  let name: String
  private let source: FileSource

  /// Whether these are the first bytes of such a file.
  static func begins(_ bytes: some Collection<UInt8>) -> Bool {
    let first = Array(bytes.prefix(4))
    return [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]]
      .contains(first)
  }

  /// - Parameter source: of which nothing has been read yet; an ordinary file.
  init(_ source: FileSource) throws {
    guard source.isRegular, let size = source.remaining else {
      throw InputError(
        .data, at: source.name, "is not an ordinary file, which a TIFF image must be read from",
        remedy: "save it to a file first")
    }
    self.source = source
    self.size = size
    name = source.name
    let head = source.peek(16)
    guard source.kind != .tiff || head.count >= 8 else {
      throw Self.damaged("it ends inside its header")
    }
    guard head.count >= 8, Self.begins(head) else {
      throw InputError(
        .data, "is not a TIFF image but seems to be \(source.kind.words)",
        remedy: source.kind.remedy ?? "save it as TIFF, PNG or NPY")
    }
    isBigEndian = head[0] == 0x4D
    isBig = head[isBigEndian ? 3 : 2] == 43
    guard !isBig || head.count == 16 else { throw Self.damaged("it ends inside its header") }
    let place = isBig ? 8 : 4
    first = TIFFType.integer(
      head, at: place, isBig ? TIFFType.long8 : TIFFType.long, isBigEndian: isBigEndian)
  }

  static func damaged(_ reason: String) -> InputError {
    InputError(
      .data, "is a damaged TIFF image: \(reason)",
      remedy: "save or copy it again; gdalinfo or tiffinfo say more")
  }

  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= size, count <= size - offset else {
      throw Self.damaged("something is said to stand behind its end, at byte \(offset)")
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      if count > 0 { try source.read(at: offset, into: UnsafeMutableRawBufferPointer(buffer)) }
      filled = count
    }
  }

  func integer(at offset: Int, size: Int) throws -> UInt64 {
    let bytes = try bytes(at: offset, count: size)
    return (isBigEndian ? bytes : bytes.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
