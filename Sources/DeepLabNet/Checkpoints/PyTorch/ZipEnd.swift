import LatticeSupport

/// The end of a ZIP archive, which says where its directory is.
struct ZipEnd {
  let entryCount: Int
  let directoryStart: Int
  let directorySize: Int

  private static let recordSize = 22
  private static let wideRecordSize = 56
  private static let locatorSize = 20
  private static let longestComment = 0xFFFF

  init(_ bytes: StoredBytes) throws {
    let start = try Self.find(in: bytes)
    var cursor = ByteCursor(bytes, start + 4..<bytes.count, part: "its archive")
    let disks = try cursor.integer(UInt32.self)
    let onThisDisk = try cursor.integer(UInt16.self)
    let count = try cursor.integer(UInt16.self)
    let size = try cursor.integer(UInt32.self)
    let offset = try cursor.integer(UInt32.self)
    let needsWide = count == UInt16.max || size == UInt32.max || offset == UInt32.max
    if let wide = try Self.wide(in: bytes, before: start) {
      // Where the narrow numbers say something, both must say the same.
      let agrees =
        (count == UInt16.max || UInt64(count) == wide.count)
        && (size == UInt32.max || UInt64(size) == wide.size)
        && (offset == UInt32.max || UInt64(offset) == wide.offset)
      guard agrees else { throw ZipDirectory.damaged("its two ends contradict each other") }
      try self.init(wide.count, wide.size, wide.offset, before: wide.start)
    } else {
      guard !needsWide, disks == 0, onThisDisk == count else {
        throw ZipDirectory.damaged("its end is incomplete")
      }
      try self.init(UInt64(count), UInt64(size), UInt64(offset), before: start)
    }
  }

  private init(_ count: UInt64, _ size: UInt64, _ offset: UInt64, before end: Int) throws {
    let smallestEntry: UInt64 = 46
    guard size <= UInt64(end), offset <= UInt64(end), offset + size == UInt64(end),
      count <= size / smallestEntry
    else { throw ZipDirectory.damaged("its directory is not where its end says") }
    entryCount = Int(count)
    directoryStart = Int(offset)
    directorySize = Int(size)
  }

  /// Where the last record starts, which a comment may follow.
  private static func find(in bytes: StoredBytes) throws -> Int {
    let length = min(bytes.count, recordSize + longestComment)
    let tail = try bytes.bytes(bytes.count - length..<bytes.count)
    let signature: [UInt8] = [0x50, 0x4B, 0x05, 0x06]
    for start in stride(from: tail.count - recordSize, through: 0, by: -1)
    where tail[start..<start + 4].elementsEqual(signature) {
      let comment = Int(tail[start + 20]) | Int(tail[start + 21]) << 8
      if start + recordSize + comment == tail.count { return bytes.count - tail.count + start }
    }
    throw ZipDirectory.damaged("it has no end: was it cut short?")
  }

  /// The record with numbers of 64 bits, where there is one.
  private static func wide(
    in bytes: StoredBytes, before start: Int
  ) throws -> (start: Int, count: UInt64, size: UInt64, offset: UInt64)? {
    guard start >= locatorSize else { return nil }
    var locator = ByteCursor(bytes, start - locatorSize..<start, part: "its archive")
    guard try locator.integer(UInt32.self) == 0x0706_4B50 else { return nil }
    try locator.skip(4)
    guard let place = Int(exactly: try locator.integer(UInt64.self)),
      place >= 0, place <= start - locatorSize - wideRecordSize
    else { throw ZipDirectory.damaged("its end is not where it says") }
    var record = ByteCursor(bytes, place..<start, part: "its archive")
    guard try record.integer(UInt32.self) == 0x0606_4B50 else {
      throw ZipDirectory.damaged("its end is not where it says")
    }
    // Its length, versions and disks; then the entries on this disk.
    try record.skip(20)
    let onThisDisk = try record.integer(UInt64.self)
    let count = try record.integer(UInt64.self)
    guard onThisDisk == count else { throw ZipDirectory.damaged("it has several parts") }
    return (
      place, count, try record.integer(UInt64.self), try record.integer(UInt64.self)
    )
  }
}
