/// What a setting holds; see `Setting.ValueType`.
public enum SettingValue: Sendable, Hashable {
  case number(Double)
  case bandwidths(Bandwidths)
  case count(Int)
  case counts([Int])
  case choice(String)
  case file(String)
  case array(NamedOrInline)
  case flag(Bool)
  case labels(LabelNumbers)
  case labelCounts(LabelNumbers)
  /// Another description, as JSON.
  case description(JSONValue)

  /// An array by its name, or its numbers.
  public enum NamedOrInline: Sendable, Hashable {
    /// The path of a file, or what a program calls an array that it holds.
    case named(String)
    /// Numbers in C order, with the length of each axis.
    case inline(shape: [Int], values: [Float])
  }
}

extension SettingValue: CustomStringConvertible {
  /// The value as options have it.
  public var description: String {
    switch self {
    case .number(let value): value.shortText
    case .bandwidths(let value): value.description
    case .count(let value): String(value)
    case .counts(let values): values.map(String.init).joined(separator: "x")
    case .choice(let word): word
    case .file(let path), .array(.named(let path)): Self.quotedIfNeeded(path)
    case .array(.inline(let shape, _)):
      shape.map(String.init).joined(separator: "x") + " numbers"
    case .flag(let flag): flag ? "yes" : "no"
    case .labels(let numbers), .labelCounts(let numbers): numbers.description
    case .description(let json): Self.quotedIfNeeded(Self.text(of: json))
    }
  }

  private static func quotedIfNeeded(_ text: String) -> String {
    text.contains(",") ? "\"\(text)\"" : text
  }

  /// A description in one line: `temperature:value=2`.
  private static func text(of json: JSONValue) -> String {
    guard let members = json.members, let kind = json["kind"]?.text else {
      return json.text ?? json.compactText
    }
    let settings = members.filter { $0.key != "kind" }.map { member in
      "\(member.key)="
        + (member.value.text ?? member.value["name"]?.text ?? member.value.compactText)
    }
    return settings.isEmpty ? kind : "\(kind):" + settings.joined(separator: ",")
  }
}

extension SettingValue {
  /// The value as JSON has it.
  public var json: JSONValue {
    switch self {
    case .number(let value): .number(Double(Float(value).description) ?? value)
    case .bandwidths(let bandwidths):
      bandwidths.isInMillimetres
        ? .text(bandwidths.description)
        : bandwidths.values.count == 1
          ? .number(bandwidths.values[0]) : .list(bandwidths.values.map { .number($0) })
    case .count(let value): .number(value)
    case .counts(let values): .list(values.map { .number($0) })
    case .choice(let text), .file(let text), .array(.named(let text)): .text(text)
    case .array(.inline(let shape, let values)): Self.nested(shape[...], values[...])
    case .flag(let flag): .flag(flag)
    case .labels(let numbers), .labelCounts(let numbers): numbers.json
    case .description(let json): json
    }
  }

  private static func nested(_ shape: ArraySlice<Int>, _ values: ArraySlice<Float>) -> JSONValue {
    guard let count = shape.first, shape.count > 1 else {
      return .list(values.map { .number($0) })
    }
    let step = count == 0 ? 0 : values.count / count
    return .list(
      (0..<count).map { index in
        let start = values.startIndex + index * step
        return nested(shape.dropFirst(), values[start..<start + step])
      })
  }

  /// What a text stands for.
  ///
  /// - Throws: `InputError` that says what is expected.
  package init(_ text: String, as type: Setting.ValueType, key: String) throws {
    switch type {
    case .number(let range):
      guard let value = Double(text), range.contains(value) else { throw Self.ill(key, text, type) }
      self = .number(value)
    case .bandwidths:
      self = .bandwidths(try Bandwidths(parsing: text, key: key))
    case .count(let range):
      guard let count = Int(text), range.contains(count) else { throw Self.ill(key, text, type) }
      self = .count(count)
    case .counts(let range):
      let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
      let counts = parts.compactMap(\.self).filter(range.contains)
      guard counts.count == parts.count else { throw Self.ill(key, text, type) }
      self = .counts(counts)
    case .choice(let words):
      guard words.contains(text) else {
        throw unknownName(text, of: "choice for '\(key)'", among: words)
      }
      self = .choice(text)
    case .file, .array:
      guard !text.isEmpty else {
        throw InputError(.usage, "'\(key)=' names no file", remedy: "as in \(key)=f.npy")
      }
      self = type == .file ? .file(text) : .array(.named(text))
    case .flag:
      guard let flag = ["yes": true, "true": true, "no": false, "false": false][text] else {
        throw Self.ill(key, text, type)
      }
      self = .flag(flag)
    case .labels:
      guard let labels = LabelNumbers(labels: text) else { throw Self.ill(key, text, type) }
      self = .labels(labels)
    case .labelCounts(let range):
      guard let counts = LabelNumbers(counts: text, within: range) else {
        throw Self.ill(key, text, type)
      }
      self = .labelCounts(counts)
    case .description:
      self = .description(.text(text))
    }
  }

  /// What a member of an object stands for. Texts are read as options are.
  ///
  /// - Throws: `InputError` that says what is expected.
  package init(_ json: JSONValue, as type: Setting.ValueType, key: String) throws {
    switch (type, json) {
    case (.description, .object): self = .description(json)
    case (_, .text(let text)): try self.init(text, as: type, key: key)
    case (.flag, .flag(let flag)): self = .flag(flag)
    case (.number(let range), .number(let value)):
      guard range.contains(value) else { throw Self.ill(key, json.description, type) }
      self = .number(value)
    case (.count(let range), .number(let value)):
      guard let count = Int(exactly: value), range.contains(count) else {
        throw Self.ill(key, json.description, type)
      }
      self = .count(count)
    case (.counts(let range), .number), (.counts(let range), .list):
      let values: [JSONValue] = if case .list(let values) = json { values } else { [json] }
      let counts = values.compactMap(\.number).compactMap(Int.init(exactly:)).filter(range.contains)
      guard counts.count == values.count, !counts.isEmpty else {
        throw Self.ill(key, json.description, type)
      }
      self = .counts(counts)
    case (.labels, .number), (.labels, .list):
      guard let labels = LabelNumbers(labels: json) else {
        throw Self.ill(key, json.description, type)
      }
      self = .labels(labels)
    case (.labelCounts(let range), .number), (.labelCounts(let range), .object):
      guard let counts = LabelNumbers(counts: json, within: range) else {
        throw Self.ill(key, json.description, type)
      }
      self = .labelCounts(counts)
    case (.bandwidths, .number), (.bandwidths, .list):
      let values: [JSONValue] = if case .list(let values) = json { values } else { [json] }
      let numbers = values.compactMap(\.number).map(Float.init).filter { $0 > 0 && $0.isFinite }
      guard numbers.count == values.count, !numbers.isEmpty else {
        throw Self.ill(key, json.description, type)
      }
      self = .bandwidths(Bandwidths(numbers))
    case (.array, .list):
      guard let (shape, values) = Self.array(json) else {
        throw InputError(
          .data, "'\(key)' is not an array of finite numbers",
          remedy: "give a list of numbers, or lists of equal length")
      }
      self = .array(.inline(shape: shape, values: values))
    default: throw Self.ill(key, json.description, type)
    }
  }

  /// The shape and the numbers of nested lists; `nil` where they are ragged or hold anything else.
  private static func array(_ json: JSONValue) -> (shape: [Int], values: [Float])? {
    guard case .list(let items) = json, !items.isEmpty else { return nil }
    if items.allSatisfy({ $0.number != nil }) {
      let values = items.compactMap(\.number).map(Float.init)
      return values.allSatisfy(\.isFinite) ? ([values.count], values) : nil
    }
    let parts = items.compactMap { array($0) }
    guard parts.count == items.count, parts.allSatisfy({ $0.shape == parts[0].shape }) else {
      return nil
    }
    return ([parts.count] + parts[0].shape, parts.flatMap(\.values))
  }

  private static func ill(_ key: String, _ found: String, _ type: Setting.ValueType) -> InputError {
    InputError(.usage, "'\(key)' is \(found), but must be \(type.expectation)")
  }
}

extension Bandwidths {
  /// `67`, or `67x80`: one value per axis; `6mm` or `6x6x3mm` in millimetres.
  ///
  /// - Throws: `InputError` where one is not a finite number above 0.
  fileprivate init(parsing text: String, key: String) throws {
    let isInMillimetres = text.hasSuffix(Self.millimetres)
    let numbers = isInMillimetres ? text.dropLast(Self.millimetres.count) : text[...]
    self.init(
      try numbers.split(separator: "x", omittingEmptySubsequences: false).map { part in
        guard let value = Float(part) else {
          throw InputError(
            .usage, "'\(key)=\(text)' is not a bandwidth: '\(part)' is not a number",
            remedy: "give a number above 0, or one for each axis, as in \(key)=67 or \(key)=67x80")
        }
        guard value.isFinite, value > 0 else {
          throw InputError(
            .usage, "'\(key)=\(text)' is not a bandwidth: \(part) is not above 0 and finite",
            remedy: "a bandwidth is a distance; for less smoothing give a smaller one or weight")
        }
        return value
      }, isInMillimetres: isInMillimetres)
  }
}
