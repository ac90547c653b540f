import LatticeSupport

/// The settings of a described kernel, checked against what its kind takes.
public struct KernelSettings: Sendable, Hashable {
  /// What a setting holds; see `KernelKind.SettingType`.
  public enum Value: Sendable, Hashable {
    /// One value, or one per axis.
    case bandwidths(Bandwidths)
    /// A whole number above 0.
    case count(Int)
    /// The path of a file.
    case file(String)
  }

  /// The settings that are given, by key.
  public internal(set) var values: [String: Value] = [:]

  func bandwidths(_ key: String) -> Bandwidths {
    guard case .bandwidths(let value)? = values[key] else {
      preconditionFailure("a kernel without the bandwidths '\(key)' was made")
    }
    return value
  }

  func file(_ key: String) -> String {
    guard case .file(let path)? = values[key] else {
      preconditionFailure("a kernel without the file '\(key)' was made")
    }
    return path
  }

  func count(_ key: String) -> Int? {
    if case .count(let value)? = values[key] { value } else { nil }
  }
}

extension KernelSettings.Value: CustomStringConvertible {
  /// The value as options have it.
  public var description: String {
    switch self {
    case .bandwidths(let value): value.description
    case .count(let value): String(value)
    case .file(let path): path.contains(",") ? "\"\(path)\"" : path
    }
  }

  /// - Throws: `InputError` that names the key and says what is expected.
  init(_ text: Substring, as type: KernelKind.SettingType, key: String) throws {
    switch type {
    case .bandwidths:
      self = .bandwidths(try Bandwidths(parsing: text, key: key))
    case .count:
      guard let count = Int(text), count >= 1 else {
        throw InputError(
          .usage, "'\(key)=\(text)' is no count",
          remedy: "give a whole number above 0, as in \(key)=5")
      }
      self = .count(count)
    case .file:
      guard !text.isEmpty else {
        throw InputError(.usage, "'\(key)=' names no file", remedy: "as in \(key)=f.npy")
      }
      self = .file(String(text))
    }
  }
}

extension Bandwidths {
  /// `67`, or `67x80`: one value per axis.
  ///
  /// - Throws: `InputError` where one is no finite number above 0.
  fileprivate init(parsing text: Substring, key: String) throws {
    self.init(
      try text.split(separator: "x", omittingEmptySubsequences: false).map { part in
        guard let value = Float(part) else {
          throw InputError(
            .usage, "'\(key)=\(text)' is no bandwidth: '\(part)' is not a number",
            remedy: "give a number above 0, or one for each axis, as in \(key)=67 or \(key)=67x80")
        }
        guard value.isFinite, value > 0 else {
          throw InputError(
            .usage, "'\(key)=\(text)' is no bandwidth: \(part) is not above 0 and finite",
            remedy: "a bandwidth is a distance; for less smoothing give a smaller one or weight")
        }
        return value
      })
  }
}
