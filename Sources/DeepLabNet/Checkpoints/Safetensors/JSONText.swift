import LatticeSupport
import Unaries

/// Just the JSON that a safetensors header consists of: objects, strings, lists of whole numbers.
struct JSONText {
  private let text: [UInt8]
  private var position = 0

  /// - Throws: `InputError` where `text` is no UTF-8.
  init(_ text: [UInt8]) throws {
    guard String(validating: text, as: UTF8.self) != nil else {
      throw Self.malformed("bytes that are no UTF-8")
    }
    self.text = text
  }

  static func malformed(_ found: String) -> InputError {
    InputError(
      .data,
      "its header has \(found); expected {\"name\": {\"dtype\": …, \"shape\": […], "
        + "\"data_offsets\": […]}, …}",
      remedy: "the file is damaged, or is not a safetensors file")
  }

  private mutating func skipSpace() {
    while position < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[position]) { position += 1 }
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard accept(character) else { throw unexpected("\(quoted(String(character)))") }
  }

  private func unexpected(_ expected: String) -> InputError {
    let found =
      position < text.count
      ? quoted(String(decoding: text[position...].prefix(20), as: UTF8.self)) : "its end"
    return Self.malformed("\(found) in place of \(expected)")
  }

  /// An object, whose values `member` reads, each after its key.
  mutating func object(_ member: (inout JSONText, String) throws -> Void) throws {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while accept(",")
    try expect("}")
  }

  /// A list of whole numbers from 0 on.
  mutating func sizes() throws -> [Int] {
    try expect("[")
    if accept("]") { return [] }
    var numbers: [Int] = []
    repeat { numbers.append(try number()) } while accept(",")
    try expect("]")
    return numbers
  }

  private mutating func number() throws -> Int {
    skipSpace()
    let digits = text[position...].prefix { (0x30...0x39).contains($0) }
    let hasZeroInFront = digits.count > 1 && digits.first == 0x30
    guard !hasZeroInFront, let number = Int(String(decoding: digits, as: UTF8.self)) else {
      throw unexpected("a whole number from 0 on")
    }
    position = digits.endIndex
    return number
  }

  mutating func string() throws -> String {
    try expect("\"")
    var result: [UInt8] = []
    while position < text.count {
      let byte = text[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: result, as: UTF8.self)
      case UInt8(ascii: "\\"): result += try escaped().utf8
      case 0..<0x20: throw Self.malformed("a control character in a string")
      default: result.append(byte)
      }
    }
    throw Self.malformed("a string without an end")
  }

  /// The character behind a backslash.
  private mutating func escaped() throws -> String {
    guard position < text.count else { throw unexpected("a character") }
    let letter = Unicode.Scalar(text[position])
    position += 1
    if let character = Self.escapes[letter] { return String(character) }
    guard letter == "u" else { throw Self.malformed("an unknown escape \(quoted(String(letter)))") }
    let unit = try codeUnit()
    guard UTF16.isLeadSurrogate(unit) else { return try character([unit]) }
    guard text[position...].starts(with: Array("\\u".utf8)) else { throw unexpected("a surrogate") }
    position += 2
    return try character([unit, try codeUnit()])
  }

  private func character(_ units: [UInt16]) throws -> String {
    guard let text = String(validating: units, as: UTF16.self) else {
      throw Self.malformed("half a character")
    }
    return text
  }

  private mutating func codeUnit() throws -> UInt16 {
    let digits = text[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw unexpected("four hexadecimal digits") }
    position = digits.endIndex
    return unit
  }

  private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
    "\"": "\"", "\\": "\\", "/": "/", "b": "\u{08}", "f": "\u{0C}", "n": "\n", "r": "\r", "t": "\t",
  ]

  /// - Throws: `InputError` where anything but space follows.
  mutating func finish() throws {
    skipSpace()
    guard position == text.count else { throw unexpected("its end") }
  }
}
