import LatticeSupport

/// Reads a part of a checkpoint from front to back, through a small buffer.
struct ByteCursor {
  let bytes: StoredBytes
  /// The next byte.
  private(set) var position: Int
  /// Where the part ends.
  let end: Int
  /// What the part is called when it ends too early: `its pickle`.
  private let part: String
  private var buffer: [UInt8] = []
  private var bufferStart = 0

  private static let bufferSize = 1 << 16

  init(_ bytes: StoredBytes, _ range: Range<Int>, part: String) {
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.count)
    self.bytes = bytes
    self.part = part
    position = range.lowerBound
    end = range.upperBound
  }

  var remaining: Int { end - position }

  /// - Throws: `InputError` where fewer than `count` bytes are left.
  func check(_ count: Int) throws {
    guard count <= remaining else {
      throw InputError(
        .data, "ends inside \(part)",
        remedy: "the file was cut short or is damaged: save or copy it again")
    }
  }

  mutating func byte() throws -> UInt8 {
    let index = position - bufferStart
    if index >= 0, index < buffer.count {
      position += 1
      return buffer[index]
    }
    try check(1)
    bufferStart = position
    buffer = try bytes.bytes(position..<position + min(remaining, Self.bufferSize))
    position += 1
    return buffer[0]
  }

  /// The next `count` bytes; nothing is allocated unless they are there.
  mutating func take(_ count: Int) throws -> [UInt8] {
    try check(count)
    let first = position - bufferStart
    if first >= 0, count <= buffer.count - first {
      position += count
      return Array(buffer[first..<first + count])
    }
    let result = try bytes.bytes(position..<position + count)
    position += count
    return result
  }

  /// A whole number, little endian.
  mutating func integer<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
    try check(Number.bitWidth / 8)
    var number: Number = 0
    for shift in stride(from: 0, to: Number.bitWidth, by: 8) {
      number |= Number(truncatingIfNeeded: try byte()) << Number(shift)
    }
    return number
  }

  mutating func skip(_ count: Int) throws {
    try check(count)
    position += count
  }

  /// Goes to another place of the part.
  mutating func move(to position: Int) {
    precondition(position >= 0 && position <= end)
    self.position = position
  }
}
