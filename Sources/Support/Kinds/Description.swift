/// Something of a kind with its settings: what an option or a file describes, before it is made.
public struct Description<Kind: NamedKind>: Sendable {
  /// What kind it is.
  public let kind: Kind
  /// What is given.
  public var settings: Settings

  /// - Parameter values: of settings that the kind declares.
  /// - Parameter kind: what kind it is.
  public init(_ kind: Kind, _ values: [String: SettingValue] = [:]) {
    self.kind = kind
    settings = Settings(kind.settings, values)
  }

  /// What JSON describes: an object with the member `kind`, or the kind's name alone.
  ///
  /// - Throws: `InputError` where the kind is unknown or a setting is ill.
  public init(_ json: JSONValue, in registry: Registry<Kind>) throws {
    (kind, settings) = try registry.described(by: json)
  }

  /// The description as JSON has it.
  public var json: JSONValue { kind.json(settings) }

  /// The same with other arrays and files: `replacement` gets the name of each.
  public func replacingFiles(_ replacement: (String) throws -> String) rethrows -> Self {
    var result = self
    result.settings = try settings.replacingFiles(replacement)
    return result
  }
}

extension Description: Hashable {
  /// The same kind with the same settings.
  public static func == (first: Self, second: Self) -> Bool {
    first.kind.name == second.kind.name && first.settings == second.settings
  }

  /// By the name of the kind and the settings.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind.name)
    hasher.combine(settings)
  }
}

extension Description: CustomStringConvertible {
  /// The description as an option has it.
  public var description: String { kind.text(settings) }
}
