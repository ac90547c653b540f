/// How to mend what an `InputError` or `InputWarning` is about: a sentence in which whatever can be
/// set is a typed value, so that each front end words it in its own terms.
///
/// Text is a remedy as it stands. Parts that a program's option or a function's argument sets are
/// interpolated:
///
///     "use \(set: .scoreKind(.logits)) if these are scores before the softmax"
///     "leave \(name: .tiles) out"
///
/// `crf-refine` says "use --unary-kind logits if …", Python "use kind='logits' if …".
public struct Remedy: Sendable, Hashable {
  /// A piece of the sentence.
  public enum Part: Sendable, Hashable {
    /// Words that are the same everywhere.
    case text(String)
    /// Parameters with the values that they are to have.
    case set([Setting])
    /// A parameter alone.
    case name(Parameter)
  }

  /// The sentence, without a full stop; no two texts follow each other.
  public private(set) var parts: [Part] = []

  /// A sentence without parameters; an empty text is not a remedy at all.
  public init(_ text: String) { append(.text(text)) }

  /// Whether there is nothing to say.
  public var isEmpty: Bool { parts.isEmpty }

  /// The sentence in a front end's terms.
  public func text(in wording: RemedyWording) -> String {
    parts.map { part in
      switch part {
      case .text(let text): text
      case .set(let settings): wording.text(for: settings)
      case .name(let parameter): wording.name(parameter)
      }
    }.joined()
  }

  /// The sentences one after the other.
  public static func + (first: Remedy, second: Remedy) -> Remedy {
    var sum = first
    for part in second.parts { sum.append(part) }
    return sum
  }

  /// The sentence with the text behind it.
  public static func + (remedy: Remedy, text: String) -> Remedy { remedy + Remedy(text) }

  private mutating func append(_ part: Part) {
    guard case .text(let text) = part else { return parts.append(part) }
    guard !text.isEmpty else { return }
    if case .text(let before)? = parts.last {
      parts[parts.count - 1] = .text(before + text)
    } else {
      parts.append(part)
    }
  }
}

extension Remedy: ExpressibleByStringInterpolation {
  /// Collects the parts of an interpolated remedy.
  public struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var remedy = Remedy("")

    /// Begins an empty remedy.
    public init(literalCapacity: Int, interpolationCount: Int) {}

    /// Words between interpolations.
    public mutating func appendLiteral(_ literal: String) { remedy.append(.text(literal)) }

    /// Any other value, as a string would have it.
    public mutating func appendInterpolation(_ value: some Any) {
      remedy.append(.text("\(value)"))
    }

    /// Another remedy, with its parts.
    public mutating func appendInterpolation(_ other: Remedy) { remedy = remedy + other }

    /// Parameters with the values that they are to have.
    public mutating func appendInterpolation(set settings: Setting...) {
      remedy.append(.set(settings))
    }

    /// A parameter alone.
    public mutating func appendInterpolation(name parameter: Parameter) {
      remedy.append(.name(parameter))
    }
  }

  /// A sentence without parameters.
  public init(stringLiteral text: String) { self.init(text) }

  /// A sentence with parameters.
  public init(stringInterpolation: StringInterpolation) { self = stringInterpolation.remedy }
}

extension Remedy: CustomStringConvertible {
  /// The sentence in neutral terms.
  public var description: String { text(in: .neutral) }
}
