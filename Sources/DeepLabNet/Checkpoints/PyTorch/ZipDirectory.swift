import LatticeSupport
import Unaries

/// The directory of a ZIP archive, to find where stored entries lie.
///
/// Not by libzip, which tells no places and sums up every byte that it reads: a checkpoint's
/// tensors are read straight from the file. Each count and place is checked against the others.
struct ZipDirectory {
  /// An entry of the directory.
  struct Entry {
    /// Bytes in the archive.
    var size: Int
    /// Whether the bytes are those of the file, neither compressed nor encrypted.
    var isStored: Bool
    fileprivate var headerStart: Int
  }

  private(set) var names: [String] = []
  private var entries: [String: Entry] = [:]
  private let bytes: StoredBytes

  init(_ bytes: StoredBytes) throws {
    self.bytes = bytes
    let end = try ZipEnd(bytes)
    var cursor = ByteCursor(
      bytes, end.directoryStart..<end.directoryStart + end.directorySize,
      part: "the directory of its archive")
    for _ in 0..<end.entryCount { try readEntry(&cursor) }
    guard cursor.remaining == 0 else { throw Self.damaged("more entries than its end says") }
  }

  static func damaged(_ problem: String) -> InputError {
    InputError(
      .data, "is a damaged or unusual archive (\(problem))",
      remedy: "copy it again, or load it and save it again with torch.save")
  }

  private mutating func readEntry(_ cursor: inout ByteCursor) throws {
    guard try cursor.integer(UInt32.self) == 0x0201_4B50 else {
      throw Self.damaged("an entry of its directory has no signature")
    }
    try cursor.skip(4)
    let flags = try cursor.integer(UInt16.self)
    let method = try cursor.integer(UInt16.self)
    // Time, date and checksum.
    try cursor.skip(8)
    var sizes = ZipSizes()
    sizes.packed = UInt64(try cursor.integer(UInt32.self))
    sizes.size = UInt64(try cursor.integer(UInt32.self))
    let nameLength = Int(try cursor.integer(UInt16.self))
    let extraLength = Int(try cursor.integer(UInt16.self))
    let commentLength = Int(try cursor.integer(UInt16.self))
    // Disk number and attributes.
    try cursor.skip(8)
    sizes.start = UInt64(try cursor.integer(UInt32.self))
    let name = String(decoding: try cursor.take(nameLength), as: UTF8.self)
    var wide = try ZipWideFields(extra: cursor.take(extraLength))
    try cursor.skip(commentLength)
    for field in [\ZipSizes.size, \.packed, \.start] { try wide.widen(&sizes[keyPath: field]) }
    guard let size = Int(exactly: sizes.packed), let start = Int(exactly: sizes.start) else {
      throw Self.damaged("the sizes of \(quoted(name))")
    }
    let isStored = method == 0 && flags & 1 == 0 && sizes.packed == sizes.size
    let entry = Entry(size: size, isStored: isStored, headerStart: start)
    guard entries.updateValue(entry, forKey: name) == nil else {
      throw Self.damaged("two entries of the name \(quoted(name))")
    }
    names.append(name)
  }

  /// Where the bytes of an entry lie.
  ///
  /// - Throws: `InputError` where there is no such entry, or it is compressed.
  func range(of name: String) throws -> Range<Int> {
    guard let entry = entries[name] else { throw Self.damaged("no entry \(quoted(name))") }
    guard entry.isStored else {
      throw InputError(
        .data, "its entry \(quoted(name)) is compressed or encrypted; PyTorch stores plain bytes",
        remedy: "load it and save it again with torch.save")
    }
    let headerSize = 30
    let misplaced = Self.damaged("the place of \(quoted(name))")
    guard entry.headerStart <= bytes.count - headerSize else { throw misplaced }
    var cursor = ByteCursor(bytes, entry.headerStart..<bytes.count, part: "its archive")
    guard try cursor.integer(UInt32.self) == 0x0403_4B50 else { throw misplaced }
    try cursor.skip(22)
    let nameLength = Int(try cursor.integer(UInt16.self))
    let extraLength = Int(try cursor.integer(UInt16.self))
    guard try cursor.take(nameLength) == Array(name.utf8) else { throw misplaced }
    try cursor.skip(extraLength)
    try cursor.check(entry.size)
    return cursor.position..<cursor.position + entry.size
  }
}

/// What the directory says of an entry in 32 or, where that is too narrow, 64 bits.
private struct ZipSizes {
  var size: UInt64 = 0
  var packed: UInt64 = 0
  var start: UInt64 = 0
}

/// The numbers of an entry that need 64 bits, in the order of the directory's.
private struct ZipWideFields {
  private var fields: ArraySlice<UInt8> = []

  /// Finds them among the additions to an entry: an identifier, a length, and so many bytes each.
  init(extra: [UInt8]) throws {
    var rest = extra[...]
    while rest.count >= 4 {
      let head = rest.prefix(4).map { Int($0) }
      let length = head[2] | head[3] << 8
      rest = rest.dropFirst(4)
      guard length <= rest.count else { throw ZipDirectory.damaged("an addition to an entry") }
      if head[0] | head[1] << 8 == 1 { fields = rest.prefix(length) }
      rest = rest.dropFirst(length)
    }
  }

  /// Takes the next one where `number` says that it was too narrow.
  mutating func widen(_ number: inout UInt64) throws {
    guard number == UInt32.max else { return }
    guard fields.count >= 8 else { throw ZipDirectory.damaged("a size of an entry") }
    number = fields.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    fields = fields.dropFirst(8)
  }
}
