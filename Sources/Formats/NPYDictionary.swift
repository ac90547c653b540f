import LatticeSupport
import Unaries

/// The Python dictionary in an NPY header, read as data and never evaluated.
///
/// Knows just the literals that NumPy writes there: strings, `True`, `False`, tuples of whole
/// numbers; in any order, with or without a last comma. Everything else is refused.
struct NPYDictionary {
  private(set) var descriptor = ""
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) throws {
    self.text = text
    var seen: Set<String> = []
    try expect("{", "a dictionary")
    while !accept("}") {
      let key = try string()
      try expect(":", "a colon after \(quoted(key))")
      guard seen.insert(key).inserted else { throw malformed("the key \(quoted(key)) twice") }
      switch key {
      case "descr": descriptor = try descriptorValue()
      case "fortran_order": isFortranOrder = try boolean()
      case "shape": shape = try tuple()
      default: throw malformed("the unknown key \(quoted(key))")
      }
      if !accept(",") {
        try expect("}", "a comma or the closing brace")
        break
      }
    }
    skipSpace()
    guard position == text.count else { throw malformed("text after the dictionary") }
    for key in ["descr", "fortran_order", "shape"] where !seen.contains(key) {
      throw malformed("no key \(quoted(key))")
    }
  }

  private func malformed(_ found: String) -> InputError {
    InputError(
      .data,
      "its NPY header has \(found); expected {'descr': …, 'fortran_order': …, 'shape': (…)}",
      remedy: "save the array with numpy.save(path, array.astype('float32'))")
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

  private mutating func expect(_ character: Unicode.Scalar, _ meaning: String) throws {
    guard accept(character) else { throw malformed("\(nextText()) in place of \(meaning)") }
  }

  /// What stands at the current place, for a message.
  private func nextText() -> String {
    position < text.count
      ? quoted(String(decoding: text[position...].prefix(20), as: UTF8.self)) : "its end"
  }

  private mutating func string() throws -> String {
    skipSpace()
    guard position < text.count, [0x22, 0x27].contains(text[position]) else {
      throw malformed("\(nextText()) in place of a string")
    }
    let quote = text[position]
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote) else {
      throw malformed("a string without an end")
    }
    position = end + 1
    return String(decoding: text[start..<end], as: UTF8.self)
  }

  private mutating func descriptorValue() throws -> String {
    skipSpace()
    if position < text.count, [UInt8(ascii: "["), UInt8(ascii: "(")].contains(text[position]) {
      throw NPYHeader.unsupportedType("is a structured array, with named fields")
    }
    return try string()
  }

  private mutating func boolean() throws -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)]
    where text[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw malformed("\(nextText()) in place of True or False")
  }

  private mutating func tuple() throws -> [Int] {
    try expect("(", "the shape, a tuple")
    var numbers: [Int] = []
    while !accept(")") {
      numbers.append(try extent())
      if !accept(",") {
        // `(5)` is a number in Python, not a tuple.
        guard numbers.count > 1 else { throw malformed("a shape that is not a tuple") }
        try expect(")", "a comma or the closing parenthesis")
        break
      }
    }
    return numbers
  }

  private mutating func extent() throws -> Int {
    skipSpace()
    let start = position
    if position < text.count, text[position] == UInt8(ascii: "-") { position += 1 }
    while position < text.count, (0x30...0x39).contains(text[position]) { position += 1 }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    guard !digits.isEmpty, digits != "-" else {
      throw malformed("\(nextText()) in place of the length of an axis")
    }
    guard let value = Int(digits), value >= 0 else {
      throw malformed("\(quoted(digits)) as the length of an axis")
    }
    // Python 2 wrote long integers as `3L`.
    if position < text.count, text[position] == UInt8(ascii: "L") { position += 1 }
    return value
  }
}
