/// Reads JSON (RFC 8259), strictly: no duplicate keys, no trailing commas, no text behind it.
package struct JSONReader {
  private let text: [UInt8]
  private var position = 0
  private var depth = 0

  /// Deeper than any file that this package reads; bounds the stack.
  private static let deepest = 64

  /// The one value that `text` consists of.
  ///
  /// - Throws: `InputError` that says what stands where something else was expected.
  /// - Complexity: O(bytes).
  package static func value(_ text: [UInt8]) throws -> JSONValue {
    guard String(validating: text, as: UTF8.self) != nil else {
      throw malformed("bytes that are not UTF-8")
    }
    var reader = JSONReader(text)
    let value = try reader.value()
    reader.skipSpace()
    guard reader.position == text.count else { throw reader.unexpected("its end") }
    return value
  }

  private init(_ text: [UInt8]) { self.text = text }

  private static func malformed(_ found: String) -> InputError {
    InputError(.data, "is not valid JSON: it has \(found)")
  }

  private func unexpected(_ expected: String) -> InputError {
    let found =
      position < text.count
      ? quoted(String(decoding: text[position...].prefix(20), as: UTF8.self)) : "its end"
    return Self.malformed("\(found) in place of \(expected)")
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

  private mutating func value() throws -> JSONValue {
    skipSpace()
    guard position < text.count else { throw unexpected("a value") }
    switch Unicode.Scalar(text[position]) {
    case "{": return try nested { try $0.object() }
    case "[": return try nested { try $0.list() }
    case "\"": return .text(try string())
    case "t": return try word("true", .flag(true))
    case "f": return try word("false", .flag(false))
    case "n": return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func nested(
    _ body: (inout JSONReader) throws -> JSONValue
  ) throws -> JSONValue {
    guard depth < Self.deepest else {
      throw Self.malformed("more than \(Self.deepest) levels of objects and lists")
    }
    depth += 1
    defer { depth -= 1 }
    return try body(&self)
  }

  private mutating func object() throws -> JSONValue {
    try expect("{")
    var members: [JSONValue.Member] = []
    var keys: Set<String> = []
    if accept("}") { return .object(members) }
    repeat {
      let key = try string()
      guard keys.insert(key).inserted else { throw Self.malformed("the key \(quoted(key)) twice") }
      try expect(":")
      members.append(JSONValue.Member(key, try value()))
    } while accept(",")
    try expect("}")
    return .object(members)
  }

  private mutating func list() throws -> JSONValue {
    try expect("[")
    var values: [JSONValue] = []
    if accept("]") { return .list(values) }
    repeat { values.append(try value()) } while accept(",")
    try expect("]")
    return .list(values)
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws -> JSONValue {
    guard text[position...].starts(with: word.utf8) else { throw unexpected("a value") }
    position += word.utf8.count
    return value
  }

  private mutating func number() throws -> JSONValue {
    let start = position
    _ = skip("-")
    let whole = skipDigits()
    let hasZeroInFront = whole.count > 1 && text[whole.lowerBound] == UInt8(ascii: "0")
    var isWhole = !whole.isEmpty && !hasZeroInFront
    if skip(".") { isWhole = isWhole && !skipDigits().isEmpty }
    if skip("e") || skip("E") {
      if !skip("+") { _ = skip("-") }
      isWhole = isWhole && !skipDigits().isEmpty
    }
    guard isWhole, let number = Double(String(decoding: text[start..<position], as: UTF8.self))
    else {
      position = start
      throw unexpected("a value")
    }
    guard number.isFinite else {
      position = start
      throw unexpected("a number that double precision holds")
    }
    // Seeds have up to 64 bits, of which a double keeps 53.
    if abs(number) >= 0x1p53,
      let whole = Int128(String(decoding: text[start..<position], as: UTF8.self))
    {
      return .whole(whole)
    }
    return .number(number)
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func skipDigits() -> Range<Int> {
    let start = position
    while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
    return start..<position
  }

  private mutating func string() throws -> String {
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
}

extension JSONValue {
  /// The value that JSON text stands for.
  ///
  /// - Throws: `InputError` that says what is wrong with it.
  public init(parsing text: String) throws {
    self = try JSONReader.value(Array(text.utf8))
  }

  /// JSON of several lines: what fits into a line stands in one, everything else is indented.
  ///
  /// - Parameter width: the longest line that several members may share.
  public func text(width: Int = 80) -> String { formatted(indent: 0, width: width) }

  /// JSON in one line.
  public var compactText: String {
    switch self {
    case .null: "null"
    case .flag(let flag): flag ? "true" : "false"
    case .number(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    case .wholeNumber(let number): "\(number)"
    case .text(let text): Self.escaped(text)
    case .list(let values): "[" + values.map(\.compactText).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.map { "\(Self.escaped($0.key)): \($0.value.compactText)" }
        .joined(separator: ", ") + "}"
    }
  }

  private func formatted(indent: Int, width: Int) -> String {
    let compact = compactText
    guard indent > 0 ? indent + compact.utf8.count > width : hasMembers else { return compact }
    let inner = String(repeating: " ", count: indent + 2)
    let outer = "\n" + String(repeating: " ", count: indent)
    func lines(_ parts: [String]) -> String {
      parts.map { "\n\(inner)\($0)" }.joined(separator: ",") + outer
    }
    switch self {
    case .list(let values) where !values.isEmpty:
      return "[" + lines(values.map { $0.formatted(indent: indent + 2, width: width) }) + "]"
    case .object(let members) where !members.isEmpty:
      return "{"
        + lines(
          members.map {
            "\(Self.escaped($0.key)): \($0.value.formatted(indent: indent + 2, width: width))"
          }) + "}"
    default: return compact
    }
  }

  private var hasMembers: Bool {
    switch self {
    case .list(let values): !values.isEmpty
    case .object(let members): !members.isEmpty
    default: false
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
