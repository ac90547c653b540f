import LatticeSupport

/// A kind of unary that descriptions can name: what scores scenes without a file of scores.
public struct UnaryKind: NamedKind {
  /// What messages call it.
  public static let noun = "unary"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Whether there must be an image.
  public let needsImage: Bool
  /// Makes the unary that settings describe.
  public let make: @Sendable (Settings, DescriptionContext) throws -> any Unary

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: what it goes by, in a few words.
  ///   - settings: what it takes.
  ///   - example: a description of one.
  ///   - needsImage: whether there must be an image.
  ///   - make: makes the unary that settings describe; throws `InputError`.
  public init(
    name: String, summary: String, settings: [Setting], example: String, needsImage: Bool,
    make: @escaping @Sendable (Settings, DescriptionContext) throws -> any Unary
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example
    self.needsImage = needsImage
    self.make = make
  }

  /// Every kind by its name: those that programs and plug-ins add; none is built in, for scores
  /// come from files, arrays and networks.
  public static let registry = Registry<UnaryKind>([])
}

extension Description<UnaryKind> {
  /// The unary that a text describes, as an option has it: `colors:sigma=20`.
  ///
  /// - Throws: `InputError` where there is no such kind, or a setting is ill.
  public init(_ text: String) throws {
    try self.init(JSONValue(description: text), in: UnaryKind.registry)
  }
}
