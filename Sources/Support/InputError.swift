/// Something that came from outside and cannot be used: a file, an option, a shape.
///
/// Its text says where, what was found, what was expected, and how to mend it.
public struct InputError: Error, Sendable, Equatable {
  /// What kind of trouble it is; a command-line tool turns it into an exit code.
  public enum Kind: Sendable {
    /// An option or parameter that makes no sense.
    case usage
    /// The contents of a file or array.
    case data
    /// A file that is not there or cannot be opened.
    case noInput
    /// An output that cannot be created.
    case cannotCreate
    /// Reading or writing failed midway.
    case io
  }

  /// The kind of trouble.
  public let kind: Kind
  /// The file, option or parameter; `nil` while the code that knows it has not added it.
  public let place: String?
  /// What was found and what was expected, in one sentence.
  public let problem: String
  /// How to mend it; empty where nothing useful can be said.
  public let remedy: Remedy

  /// - Parameters:
  ///   - kind: what kind of trouble it is.
  ///   - place: the file, option or parameter, where it is known.
  ///   - problem: what was found and what was expected, without a full stop.
  ///   - remedy: how to mend it, without a full stop.
  public init(_ kind: Kind, at place: String? = nil, _ problem: String, remedy: Remedy = "") {
    self.kind = kind
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  /// The same with a remedy that is text, the same in every front end.
  public init(_ kind: Kind, at place: String? = nil, _ problem: String, remedy: String) {
    self.init(kind, at: place, problem, remedy: Remedy(remedy))
  }

  /// The same error, naming `place` unless it names one already.
  public func at(_ place: String) -> InputError {
    self.place == nil ? InputError(kind, at: place, problem, remedy: remedy) : self
  }
}

extension InputError: CustomStringConvertible {
  /// `place: problem; remedy`, in neutral terms.
  public var description: String { text(in: .neutral) }

  /// `place: problem; remedy`, in a front end's terms.
  public func text(in wording: RemedyWording) -> String {
    sentence(at: place, problem, remedy, wording)
  }
}

/// `place: problem; remedy`, without what is missing.
func sentence(
  at place: String?, _ problem: String, _ remedy: Remedy, _ wording: RemedyWording
) -> String {
  (place.map { "\($0): " } ?? "") + problem
    + (remedy.isEmpty ? "" : "; " + remedy.text(in: wording))
}
