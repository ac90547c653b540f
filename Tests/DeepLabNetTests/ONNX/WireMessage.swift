import Testing

/// A message of a protocol buffer, taken apart without a schema.
struct WireMessage {
  enum Content {
    case integer(Int)
    case float(Float)
    case bytes(ArraySlice<UInt8>)
  }

  private(set) var fields: [(number: Int, content: Content)] = []

  /// - Throws: where the fields do not end where the bytes do.
  init(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    while !rest.isEmpty {
      let tag = try Self.varint(&rest)
      let content: Content
      switch tag & 7 {
      case 0: content = .integer(try Self.varint(&rest))
      case 2: content = .bytes(try Self.take(try Self.varint(&rest), &rest))
      case 5:
        let pattern = try Self.take(4, &rest).reversed().reduce(0 as UInt32) {
          $0 << 8 | UInt32($1)
        }
        content = .float(Float(bitPattern: pattern))
      default: throw Malformed()
      }
      fields.append((tag >> 3, content))
    }
  }

  private struct Malformed: Error {}

  private static func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) throws -> ArraySlice<
    UInt8
  > {
    guard rest.count >= count else { throw Malformed() }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  private static func varint(_ rest: inout ArraySlice<UInt8>) throws -> Int {
    var (result, shift): (UInt64, UInt64) = (0, 0)
    while true {
      guard let byte = rest.popFirst(), shift < 64 else { throw Malformed() }
      result |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return Int(Int64(bitPattern: result)) }
      shift += 7
    }
  }

  func integers(_ number: Int) -> [Int] {
    fields.compactMap { field in
      if field.number == number, case .integer(let value) = field.content { value } else { nil }
    }
  }

  func floats(_ number: Int) -> [Float] {
    fields.compactMap { field in
      if field.number == number, case .float(let value) = field.content { value } else { nil }
    }
  }

  func bytes(_ number: Int) -> [ArraySlice<UInt8>] {
    fields.compactMap { field in
      if field.number == number, case .bytes(let bytes) = field.content { bytes } else { nil }
    }
  }

  func texts(_ number: Int) -> [String] {
    bytes(number).map { String(decoding: $0, as: UTF8.self) }
  }

  func messages(_ number: Int) throws -> [WireMessage] {
    try bytes(number).map { try WireMessage($0) }
  }
}
