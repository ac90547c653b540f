/// Any JSON value; the members of objects stay in their order.
public enum JSONValue: Sendable, Hashable {
  case null
  case flag(Bool)
  case number(Double)
  /// A whole number that double precision does not hold; `number` for every other.
  case wholeNumber(Int128)
  case text(String)
  case list([JSONValue])
  case object([Member])

  /// One member of an object.
  public struct Member: Sendable, Hashable {
    /// The name.
    public let key: String
    /// What it holds.
    public let value: JSONValue

    /// A member of that name.
    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// An object of those members that have a value.
  public static func object(_ members: KeyValuePairs<String, JSONValue?>) -> JSONValue {
    .object(members.compactMap { key, value in value.map { Member(key, $0) } })
  }

  /// The number in as few digits as single precision needs: 0.1, not 0.10000000149.
  public static func number(_ value: Float) -> JSONValue {
    .number(Double(value.description) ?? Double(value))
  }

  /// A whole number.
  public static func number(_ value: Int) -> JSONValue { whole(Int128(value)) }

  /// A whole number, of which no digit is lost.
  public static func whole(_ value: Int128) -> JSONValue {
    Double(exactly: value).map { .number($0) } ?? .wholeNumber(value)
  }

  /// The value of member `key`; `nil` where there is none, or this is not an object. O(members).
  public subscript(key: String) -> JSONValue? { members?.first { $0.key == key }?.value }

  /// The members of an object; `nil` for everything else.
  public var members: [Member]? { if case .object(let members) = self { members } else { nil } }

  /// The text; `nil` for everything else.
  public var text: String? { if case .text(let text) = self { text } else { nil } }

  /// The number, in double precision; `nil` for everything else.
  public var number: Double? {
    switch self {
    case .number(let number): number
    case .wholeNumber(let number): Double(number)
    default: nil
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// What it is, in the words of messages.
  public var description: String {
    switch self {
    case .null: "null"
    case .flag(let flag): "\(flag)"
    case .number(let number): number.shortText
    case .wholeNumber(let number): "\(number)"
    case .text(let text): "the text \(quoted(text))"
    case .list(let values) where values.count <= 8:
      "[" + values.map(\.description).joined(separator: ", ") + "]"
    case .list(let values): "a list of \(values.count) values"
    case .object: "an object"
    }
  }
}

extension JSONValue: Codable {
  /// Reads it as files and options have it.
  public init(from decoder: any Decoder) throws {
    if let container = try? decoder.container(keyedBy: AnyKey.self) {
      self = .object(
        try container.allKeys.map {
          Member($0.stringValue, try container.decode(JSONValue.self, forKey: $0))
        })
      return
    }
    if var container = try? decoder.unkeyedContainer() {
      var values: [JSONValue] = []
      while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
      self = .list(values)
      return
    }
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      // From 2⁵³ on, the double may be another number than the one that is written.
      let whole: JSONValue? =
        abs(number) < 0x1p53
        ? nil
        : (try? container.decode(Int64.self)).map { .whole(Int128($0)) }
          ?? (try? container.decode(UInt64.self)).map { .whole(Int128($0)) }
      self = whole ?? .number(number)
    } else {
      self = .text(try container.decode(String.self))
    }
  }

  /// Writes it as files have it.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: AnyKey.self)
      for member in members { try container.encode(member.value, forKey: AnyKey(member.key)) }
    case .list(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .flag(let flag):
      var container = encoder.singleValueContainer()
      try container.encode(flag)
    case .number(let number):
      var container = encoder.singleValueContainer()
      // Whole numbers without a fraction, whatever the encoder makes of a Double.
      if let whole = Int64(exactly: number) {
        try container.encode(whole)
      } else {
        try container.encode(number)
      }
    case .wholeNumber(let number):
      var container = encoder.singleValueContainer()
      if let number = Int64(exactly: number) {
        try container.encode(number)
      } else if let number = UInt64(exactly: number) {
        try container.encode(number)
      } else {
        try container.encode(Double(number))
      }
    case .text(let text):
      var container = encoder.singleValueContainer()
      try container.encode(text)
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ key: String) { stringValue = key }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
