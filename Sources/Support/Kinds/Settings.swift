/// The settings that are given to something of a kind, checked against what the kind takes.
public struct Settings: Sendable, Hashable {
  /// What the kind takes.
  public let declared: [Setting]
  /// What is given, by key.
  public private(set) var values: [String: SettingValue] = [:]

  /// Settings by hand.
  ///
  /// - Parameters:
  ///   - declared: what the kind takes.
  ///   - values: what is given; every key must be declared.
  public init(_ declared: [Setting], _ values: [String: SettingValue] = [:]) {
    precondition(
      values.keys.allSatisfy { key in declared.contains { $0.key == key } },
      "settings \(values.keys.sorted()) of which some are not declared")
    self.declared = declared
    self.values = values
  }

  /// Settings from texts or JSON.
  ///
  /// - Parameters:
  ///   - declared: what the kind takes.
  ///   - given: the keys with their values; texts are read as options are.
  ///   - owner: whose settings they are, for messages: `gaussian kernel`.
  ///   - example: how they are given.
  /// - Throws: `InputError` for an unknown key, an ill value or one that is missing.
  package init(
    _ declared: [Setting], given: [JSONValue.Member], of owner: String, example: String
  ) throws {
    self.declared = declared
    for member in given {
      guard let setting = declared.first(where: { $0.key == member.key }) else {
        throw unknownName(
          member.key, of: "setting of the \(owner)", among: declared.map(\.key))
      }
      values[member.key] = try SettingValue(member.value, as: setting.type, key: member.key)
    }
    if let missing = declared.first(where: { $0.isRequired && values[$0.key] == nil }) {
      throw InputError(.usage, "the \(owner) lacks '\(missing.key)='", remedy: "as in \(example)")
    }
  }

  /// What is given or holds by default; `nil` where neither is.
  public subscript(key: String) -> SettingValue? {
    get {
      guard let setting = declared.first(where: { $0.key == key }) else {
        preconditionFailure("'\(key)' is not a declared setting")
      }
      return values[key] ?? setting.defaultValue
    }
    set {
      precondition(
        declared.contains { $0.key == key }, "'\(key)' is not a declared setting")
      values[key] = newValue
    }
  }

  /// The number of a setting; `nil` where it is left out. Its type must be `number`.
  public func number(_ key: String) -> Double? { self[key].map { Self.read($0, key, \.asNumber) } }
  /// The bandwidths of a setting; `nil` where it is left out. Its type must be `bandwidths`.
  public func bandwidths(_ key: String) -> Bandwidths? {
    self[key].map { Self.read($0, key, \.asBandwidths) }
  }
  /// The count of a setting; `nil` where it is left out. Its type must be `count`.
  public func count(_ key: String) -> Int? { self[key].map { Self.read($0, key, \.asCount) } }
  /// The counts of a setting; `nil` where it is left out. Its type must be `counts`.
  public func counts(_ key: String) -> [Int]? {
    self[key].map { Self.read($0, key, \.asCounts) }
  }
  /// The choice, or the path, of a setting; `nil` where it is left out.
  public func text(_ key: String) -> String? { self[key].map { Self.read($0, key, \.asText) } }
  /// The array of a setting; `nil` where it is left out. Its type must be `array`.
  public func array(_ key: String) -> SettingValue.NamedOrInline? {
    self[key].map { Self.read($0, key, \.asArray) }
  }
  /// Whether a flag is set. Its type must be `flag`.
  public func flag(_ key: String) -> Bool {
    self[key].map { Self.read($0, key, \.asFlag) } ?? false
  }
  /// Labels, or counts for labels; `nil` where they are left out.
  public func labelNumbers(_ key: String) -> LabelNumbers? {
    self[key].map { Self.read($0, key, \.asLabelNumbers) }
  }
  /// The description in a setting; `nil` where it is left out.
  public func nested(_ key: String) -> JSONValue? { self[key].map { Self.read($0, key, \.asJSON) } }

  private static func read<Value>(
    _ value: SettingValue, _ key: String, _ part: (SettingValue) -> Value?
  ) -> Value {
    guard let result = part(value) else {
      preconditionFailure("'\(key)' was declared with another type than it is read with")
    }
    return result
  }

  /// The names of the arrays and files that are given.
  public var files: [String] {
    values.values.compactMap { value in
      switch value {
      case .file(let path), .array(.named(let path)): path
      default: nil
      }
    }
  }

  /// The same with other arrays and files: `replacement` gets the name of each.
  public func replacingFiles(_ replacement: (String) throws -> String) rethrows -> Settings {
    var result = self
    for (key, value) in values {
      switch value {
      case .file(let path): result.values[key] = .file(try replacement(path))
      case .array(.named(let path)): result.values[key] = .array(.named(try replacement(path)))
      default: break
      }
    }
    return result
  }

  /// What is given, as the members of an object, in the order of the declaration.
  public var members: [JSONValue.Member] {
    declared.compactMap { setting in
      values[setting.key].map { JSONValue.Member(setting.key, $0.json) }
    }
  }

  /// What is given, as options have it: `spatial=67,color=3`.
  public var text: String {
    declared.compactMap { setting in values[setting.key].map { "\(setting.key)=\($0)" } }
      .joined(separator: ",")
  }
}

extension SettingValue {
  fileprivate var asNumber: Double? { if case .number(let value) = self { value } else { nil } }
  fileprivate var asBandwidths: Bandwidths? {
    if case .bandwidths(let value) = self { value } else { nil }
  }
  fileprivate var asCount: Int? { if case .count(let value) = self { value } else { nil } }
  fileprivate var asCounts: [Int]? { if case .counts(let values) = self { values } else { nil } }
  fileprivate var asText: String? {
    switch self {
    case .choice(let text), .file(let text): text
    default: nil
    }
  }
  fileprivate var asArray: NamedOrInline? {
    if case .array(let value) = self { value } else { nil }
  }
  fileprivate var asFlag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
  fileprivate var asLabelNumbers: LabelNumbers? {
    switch self {
    case .labels(let numbers), .labelCounts(let numbers): numbers
    default: nil
    }
  }
  fileprivate var asJSON: JSONValue? { if case .description(let json) = self { json } else { nil } }
}

extension JSONValue {
  /// The object that a description in one line stands for: `bilateral:spatial=67,color=3` is
  /// `{"kind": "bilateral", "spatial": "67", "color": "3"}`. Values with commas stand in quotes.
  ///
  /// - Throws: `InputError` where a part is not of the form key=value, or given twice.
  public init(description text: String) throws {
    let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    var members = [Member("kind", .text(String(sides[0])))]
    for part in try Self.parts(of: sides.count > 1 ? sides[1] : "") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else {
        throw InputError(
          .usage, "'\(part)' is not a setting of the form key=value",
          remedy: "as in kind:key=value,key=value")
      }
      let key = String(pair[0])
      guard !members.contains(where: { $0.key == key }) else {
        throw InputError(.usage, "'\(key)' is given twice", remedy: "leave one out")
      }
      members.append(Member(key, .text(Self.unquoted(pair[1]))))
    }
    self = .object(members)
  }

  private static func unquoted(_ text: Substring) -> String {
    guard text.count >= 2, text.first == "\"", text.last == "\"" else {
      return String(text.filter { $0 != "\"" })
    }
    return String(text.dropFirst().dropLast())
  }

  /// What commas part that do not stand in quotes; empty parts are passed over.
  private static func parts(of text: Substring) throws -> [Substring] {
    var isQuoted = false
    let parts = text.split { character in
      if character == "\"" { isQuoted.toggle() }
      return character == "," && !isQuoted
    }
    guard !isQuoted else {
      throw InputError(
        .usage, "'\(text)' has a quote that is not closed",
        remedy: "write file=\"a,b.npy\" for a name with a comma")
    }
    return parts
  }
}
