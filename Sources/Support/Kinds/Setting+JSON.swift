extension NamedKind {
  /// The kind itself as JSON has it, for front ends in other languages.
  ///
  /// - Parameter more: members besides `name`, `summary`, `example` and `settings`.
  package func json(with more: [JSONValue.Member] = []) -> JSONValue {
    let known = JSONValue.object([
      "name": .text(name), "summary": .text(summary), "example": .text(example),
    ])
    return .object(
      (known.members ?? []) + more + [.init("settings", .list(settings.map(\.json)))])
  }
}

extension Setting {
  /// The setting as JSON has it: its key, type, range, default and help.
  package var json: JSONValue {
    let known = JSONValue.object([
      "key": .text(key), "type": .text(type.name), "help": .text(help),
      "required": .flag(isRequired), "default": defaultValue?.json,
    ])
    return .object((known.members ?? []) + type.limits)
  }
}

extension Setting.ValueType {
  /// What is allowed, in JSON Schema's words where it has any.
  fileprivate var limits: [JSONValue.Member] {
    switch self {
    case .number(let range): range.limits
    case .count(let range), .labelCounts(let range):
      [.init("minimum", .number(range.lowerBound))]
        + (range.upperBound == .max ? [] : [.init("maximum", .number(range.upperBound))])
    case .counts(let range):
      [.init("minimum", .number(range.lowerBound)), .init("maximum", .number(range.upperBound))]
    case .choice(let words): [.init("enum", .list(words.map { .text($0) }))]
    case .description(let what): [.init("of", .text(what))]
    case .bandwidths, .file, .array, .flag, .labels: []
    }
  }
}

extension NumberRange {
  fileprivate var limits: [JSONValue.Member] {
    let largest = Double(Float.greatestFiniteMagnitude)
    var limits: [JSONValue.Member] = []
    if bounds.lowerBound > -largest {
      limits.append(.init(isOpenBelow ? "exclusiveMinimum" : "minimum", .number(bounds.lowerBound)))
    }
    if bounds.upperBound < largest {
      limits.append(.init(isOpenAbove ? "exclusiveMaximum" : "maximum", .number(bounds.upperBound)))
    }
    return limits
  }
}
