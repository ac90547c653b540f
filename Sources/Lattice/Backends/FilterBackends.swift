import LatticeSupport

/// Every backend by name: where a new one is named once, and appears in options and messages.
public enum FilterBackends {
  /// All of them; the first is the default.
  public static let all: [any FilterBackend] = [
    .permutohedral(.compatible), .permutohedral(.accurate), .exact,
  ]

  /// Their names, for help texts.
  public static var names: [String] { all.map(\.name) }

  /// The backend called `name`.
  ///
  /// - Throws: `InputError` that lists the names where there is none.
  public static func named(_ name: String) throws -> any FilterBackend {
    guard let backend = all.first(where: { $0.name == name }) else {
      throw unknownName(name, of: "filter", among: names)
    }
    return backend
  }
}
