import LatticeSupport

/// A message of a protocol buffer that is to be written, field by field.
///
/// Every message stands behind its length. Long contents, such as weights, are gaps of a known
/// length until the whole is written, so that no more than one of them is in memory at a time.
struct ProtobufMessage {
  /// Where bytes of some name come in between the others.
  private struct Gap {
    var offset: Int
    let name: String
    let byteCount: Int
  }

  private var bytes: [UInt8] = []
  private var gaps: [Gap] = []

  /// The length of all fields.
  var byteCount: Int { gaps.reduce(bytes.count) { $0 + $1.byteCount } }

  /// Adds a whole number, or a number of an enumeration.
  mutating func add(_ number: Int, _ value: Int) {
    addTag(number, .varint)
    addVarint(UInt64(bitPattern: Int64(value)))
  }

  /// Adds a float of four bytes.
  mutating func add(_ number: Int, _ value: Float) {
    addTag(number, .fixed32)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
  }

  /// Adds a string.
  mutating func add(_ number: Int, _ text: String) {
    add(number, Array(text.utf8))
  }

  /// Adds bytes.
  mutating func add(_ number: Int, _ content: [UInt8]) {
    addHead(number, byteCount: content.count)
    bytes += content
  }

  /// Adds a message within this one.
  mutating func add(_ number: Int, _ message: ProtobufMessage) {
    addHead(number, byteCount: message.byteCount)
    for var gap in message.gaps {
      gap.offset += bytes.count
      gaps.append(gap)
    }
    bytes += message.bytes
  }

  /// Adds bytes that are asked for by their name when the message is written.
  mutating func add(_ number: Int, gapFor name: String, byteCount: Int) {
    addHead(number, byteCount: byteCount)
    gaps.append(Gap(offset: bytes.count, name: name, byteCount: byteCount))
  }

  /// Writes all fields; `fill` writes the bytes of a gap, as many as were announced.
  func write(to output: AtomicOutput, fill: (_ name: String) throws -> Void) throws {
    var start = 0
    for gap in gaps {
      try output.write(Array(bytes[start..<gap.offset]))
      try fill(gap.name)
      start = gap.offset
    }
    try output.write(Array(bytes[start...]))
  }

  /// What stands before bytes, strings and messages.
  private mutating func addHead(_ number: Int, byteCount: Int) {
    addTag(number, .bytes)
    addVarint(UInt64(byteCount))
  }

  private mutating func addTag(_ number: Int, _ type: ProtobufWireType) {
    addVarint(UInt64(number) << ProtobufWireType.bitCount | type.rawValue)
  }

  /// Seven bits a byte, the lowest first; all but the last are marked.
  private mutating func addVarint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
