import LatticeSupport
import Unaries

extension PickleMachine {
  /// The value that an operation makes of the bytes behind it; `nil` where it makes none.
  mutating func literal(_ operation: UInt8) throws -> PickleValue? {
    switch Unicode.Scalar(operation) {
    case "N": return PickleValue.none
    case "\u{88}": return .bool(true)
    case "\u{89}": return .bool(false)
    case "K": return .integer(Int(try cursor.byte()))
    case "M": return .integer(Int(try cursor.integer(UInt16.self)))
    case "J": return .integer(Int(try cursor.integer(Int32.self)))
    case "\u{8A}": return Self.long(try cursor.take(Int(try cursor.byte())))
    case "\u{8B}": return Self.long(try take(UInt64(try cursor.integer(UInt32.self))))
    case "G":
      try cursor.skip(8)
      return .inert
    case "X", "T": return try string(UInt64(try cursor.integer(UInt32.self)))
    case "\u{8C}", "U": return try string(UInt64(try cursor.byte()))
    case "\u{8D}": return try string(try cursor.integer(UInt64.self))
    case "B": return try bytes(UInt64(try cursor.integer(UInt32.self)))
    case "C": return try bytes(UInt64(try cursor.byte()))
    case "\u{8E}", "\u{96}": return try bytes(try cursor.integer(UInt64.self))
    case "\u{8F}": return .inert
    case "c": return .global(try PickleGlobal(module: try line(), name: try line()))
    default: return nil
    }
  }

  private static func long(_ bytes: [UInt8]) -> PickleValue {
    let isNegative = (bytes.last ?? 0) & 0x80 != 0
    let filler: UInt8 = isNegative ? 0xFF : 0
    // Some writers spend more bytes than the number needs.
    guard bytes.dropFirst(8).allSatisfy({ $0 == filler }),
      bytes.count <= 8 || (bytes[7] & 0x80 != 0) == isNegative
    else { return .longInteger(bytes) }
    return .integer(bytes.prefix(8).reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) })
  }

  private mutating func take(_ count: UInt64) throws -> [UInt8] {
    try cursor.take(Int(clamping: count))
  }

  private mutating func string(_ count: UInt64) throws -> PickleValue {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw Self.malformed("a string that is no UTF-8")
    }
    return .string(text)
  }

  private mutating func bytes(_ count: UInt64) throws -> PickleValue {
    try cursor.skip(Int(clamping: count))
    return .inert
  }

  /// Text up to the end of the line.
  private mutating func line() throws -> String {
    let longest = 1024
    var text: [UInt8] = []
    while text.count < longest {
      let byte = try cursor.byte()
      if byte == UInt8(ascii: "\n") { return String(decoding: text, as: UTF8.self) }
      text.append(byte)
    }
    throw Self.malformed("the name of a class without an end")
  }
}
