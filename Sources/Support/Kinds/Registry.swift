/// A kind of kernel, filter, refinement … that descriptions can name.
public protocol NamedKind: Sendable {
  /// What it is a kind of, in the singular: `kernel`.
  static var noun: String { get }
  /// The name that options, files and reports use.
  var name: String { get }
  /// What it does, in a few words.
  var summary: String { get }
  /// The settings that it takes.
  var settings: [Setting] { get }
  /// A description as an option has it.
  var example: String { get }
}

extension NamedKind {
  /// The settings that are given for this kind, checked.
  ///
  /// - Parameter json: an object with the member `kind`, or the kind's name alone.
  /// - Throws: `InputError` for an unknown key, an ill value or one that is missing.
  public func settings(from json: JSONValue) throws -> Settings {
    try Settings(
      settings, given: (json.members ?? []).filter { $0.key != "kind" },
      of: "\(name) \(Self.noun)", example: example)
  }

  /// The kind and what is given, as JSON has it.
  public func json(_ settings: Settings) -> JSONValue {
    .object([JSONValue.Member("kind", .text(name))] + settings.members)
  }

  /// The kind and what is given, as an option has it.
  public func text(_ settings: Settings) -> String {
    let text = settings.text
    return text.isEmpty ? name : "\(name):\(text)"
  }

  /// Help in some lines: the summary, an example, and what each setting is.
  public var help: String {
    (["\(name): \(summary)", "  as in \(example)"] + settings.map { "  \($0.helpLine)" })
      .joined(separator: "\n")
  }
}

/// The kinds of one thing, by name: those that are built in, and those that a program adds.
public final class Registry<Kind: NamedKind>: Sendable {
  private let kinds: ForkSafe<[Kind]>

  /// - Parameter builtIn: kinds of different names; the first is the default.
  public init(_ builtIn: [Kind]) {
    kinds = ForkSafe(builtIn)
  }

  /// Every kind, those that are built in first.
  public var all: [Kind] { kinds.withLock { $0 } }

  /// The names, in the same order.
  public var names: [String] { all.map(\.name) }

  /// The kind called `name`.
  ///
  /// - Throws: `InputError` that lists the names where there is none.
  public func named(_ name: String) throws -> Kind {
    let all = all
    guard let kind = all.first(where: { $0.name == name }) else {
      throw unknownKind(name, of: Kind.noun, among: all.map(\.name))
    }
    return kind
  }

  /// Adds a kind; descriptions may name it from now on.
  ///
  /// - Throws: `InputError` where the name is taken or cannot stand in a description, or two of its
  ///   settings share a key.
  public func register(_ kind: Kind) throws {
    guard isUsableInDescriptions(kind.name),
      kind.settings.allSatisfy({ isUsableInDescriptions($0.key) }),
      Set(kind.settings.map(\.key) + ["kind"]).count == kind.settings.count + 1
    else {
      throw InputError(
        .usage,
        "the \(Kind.noun) \(quoted(kind.name)) cannot be registered: its name and the keys "
          + "of its settings must be different words without blanks, and none may be 'kind'")
    }
    let isNew = kinds.withLock { kinds in
      guard !kinds.contains(where: { $0.name == kind.name }) else { return false }
      kinds.append(kind)
      return true
    }
    guard isNew else {
      throw InputError(.usage, "there is a \(Kind.noun) called \(quoted(kind.name)) already")
    }
  }

  /// The kind that a description names, and the settings that it gives.
  ///
  /// - Parameter json: an object with the member `kind`, or the name alone.
  /// - Throws: `InputError` where the kind is unknown or a setting is ill.
  public func described(by json: JSONValue) throws -> (kind: Kind, settings: Settings) {
    guard let name = json.text ?? json["kind"]?.text else {
      throw InputError(
        .data, "a \(Kind.noun) is \(json), but must be an object with the member 'kind'",
        remedy: #"as in {"kind": "\#(names.first ?? "…")"}"#)
    }
    let kind = try named(name)
    return (kind, try kind.settings(from: json))
  }
}

/// Whether a word can be the name of a kind or the key of a setting.
package func isUsableInDescriptions(_ word: String) -> Bool {
  !word.isEmpty && !word.contains { ":,=\"".contains($0) || $0.isWhitespace }
}

/// The refusal of `word` as the name of a kind, which a plug-in may have that was not loaded.
package func unknownKind(_ word: String, of what: String, among known: [String]) -> InputError {
  let error = unknownName(word, of: what, among: known)
  // A slip of the pen is no plug-in.
  guard suggestion(for: word, among: known) == nil else { return error }
  return InputError(
    error.kind, error.problem,
    remedy: error.remedy + "; where a plug-in has it, use \(set: .chosen(.plugin))")
}
