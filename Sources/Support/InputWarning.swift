import Synchronization

/// Something about an input that is probably not meant, but does not stop the work.
///
/// Its text says where, what was found, and what to do about it, as an `InputError`'s does.
public struct InputWarning: Sendable, Hashable, CustomStringConvertible {
  /// The file, option or parameter; `nil` while the code that knows it has not added it.
  public let place: String?
  /// What was found and what it leads to, in one sentence.
  public let problem: String
  /// What to do about it; empty where nothing useful can be said.
  public let remedy: Remedy

  /// - Parameters:
  ///   - place: the file, option or parameter, where it is known.
  ///   - problem: what was found and what it leads to, without a full stop.
  ///   - remedy: what to do about it, without a full stop.
  public init(at place: String? = nil, _ problem: String, remedy: Remedy = "") {
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  /// The same with a remedy that is text, the same in every front end.
  public init(at place: String? = nil, _ problem: String, remedy: String) {
    self.init(at: place, problem, remedy: Remedy(remedy))
  }

  /// `place: problem; remedy`, in neutral terms.
  public var description: String { text(in: .neutral) }

  /// `place: problem; remedy`, in a front end's terms.
  public func text(in wording: RemedyWording) -> String {
    sentence(at: place, problem, remedy, wording)
  }

  /// Hands the warning to the handler, if there is one.
  public func report() {
    let listener = Self.listener.withLock { $0 }
    listener?(self)
  }

  private static let listener = Mutex<(@Sendable (InputWarning) -> Void)?>(nil)

  /// Says who takes warnings from now on, on whatever thread they arise; at first they are dropped.
  public static func listen(_ body: (@Sendable (InputWarning) -> Void)?) {
    listener.withLock { $0 = body }
  }
}
