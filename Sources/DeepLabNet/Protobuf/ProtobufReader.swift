import LatticeSupport

/// Reads protocol buffers field by field, without a schema and without holding them.
struct ProtobufReader {
  /// A field of a message.
  struct Field {
    /// What the schema numbers it.
    var number: Int
    var content: Content
  }

  /// What a field holds.
  enum Content {
    case integer(UInt64)
    /// Four or eight bytes from here on.
    case fixed(at: Int, size: Int)
    /// A message, a string, or numbers one after another.
    case bytes(Range<Int>)
  }

  private var cursor: ByteCursor

  init(_ bytes: StoredBytes) {
    cursor = ByteCursor(bytes, 0..<bytes.count, part: "its protocol buffer")
  }

  static func malformed(_ found: String) -> InputError {
    InputError(
      .data, "its protocol buffer has \(found)",
      remedy: "the file is damaged, or is no Caffe model: copy it again")
  }

  /// Calls `body` for each field of the message in `range`, which may read messages inside.
  mutating func forEachField(
    in range: Range<Int>, _ body: (inout ProtobufReader, Field) throws -> Void
  ) throws {
    var position = range.lowerBound
    while position < range.upperBound {
      cursor.move(to: position)
      let field = try readField(before: range.upperBound)
      position =
        switch field.content {
        case .integer: cursor.position
        case .fixed(let start, let size): start + size
        case .bytes(let range): range.upperBound
        }
      guard position <= range.upperBound else {
        throw Self.malformed("a field that reaches beyond its message")
      }
      try body(&self, field)
    }
  }

  private mutating func readField(before end: Int) throws -> Field {
    let tag = try varint()
    let number = Int(truncatingIfNeeded: tag >> ProtobufWireType.bitCount)
    guard number >= 1, number < 1 << 29 else { throw Self.malformed("the field number \(number)") }
    let type = tag & (1 << ProtobufWireType.bitCount - 1)
    switch ProtobufWireType(rawValue: type) {
    case .varint: return Field(number: number, content: .integer(try varint()))
    case .fixed64: return Field(number: number, content: .fixed(at: cursor.position, size: 8))
    case .fixed32: return Field(number: number, content: .fixed(at: cursor.position, size: 4))
    case .bytes:
      let length = try varint()
      let start = cursor.position
      guard start <= end, length <= UInt64(end - start) else {
        throw Self.malformed("a length of \(length) where fewer bytes are left")
      }
      return Field(number: number, content: .bytes(start..<start + Int(length)))
    case .groupStart, .groupEnd: throw Self.malformed("a group, which Caffe never writes")
    case nil: throw Self.malformed("the unknown wire type \(type)")
    }
  }

  /// A whole number of at most ten bytes, seven bits each.
  private mutating func varint() throws -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      let byte = try cursor.byte()
      result |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte & 0x80 == 0 { return result }
    }
    throw Self.malformed("a number of more than ten bytes")
  }

  /// The whole numbers that stand one after another in `range`.
  mutating func varints(in range: Range<Int>, limit: Int) throws -> [UInt64] {
    var numbers: [UInt64] = []
    cursor.move(to: range.lowerBound)
    while cursor.position < range.upperBound, numbers.count <= limit {
      numbers.append(try varint())
    }
    guard cursor.position <= range.upperBound, numbers.count <= limit else {
      throw Self.malformed("more numbers than fit into a list")
    }
    return numbers
  }

  mutating func text(in range: Range<Int>) throws -> String {
    guard range.count <= longestTensorName else {
      throw Self.malformed("a name of \(range.count) bytes")
    }
    cursor.move(to: range.lowerBound)
    guard let text = String(validating: try cursor.take(range.count), as: UTF8.self) else {
      throw Self.malformed("a name that is no UTF-8")
    }
    return text
  }
}
