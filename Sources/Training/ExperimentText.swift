import DeepLabNet
import Formats
import Foundation
import LatticeSupport
import Unaries

/// A configuration as JSON: defaults, over which recipes, files and single values are laid key by
/// key.
public struct ExperimentText {
  private var values: JSONValue

  /// All keys with their defaults.
  public init() throws { try self.init(Experiment()) }

  /// The values of a configuration.
  public init(_ experiment: Experiment) throws {
    values = try JSONValue(parsing: Self.text(of: experiment))
  }

  /// A configuration as a file has it.
  public static func text(of experiment: Experiment) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(experiment), as: UTF8.self)
  }

  private static func object(_ text: String, at place: String) throws -> JSONValue {
    do {
      let value = try JSONValue(parsing: text)
      guard value.members != nil else { throw InputError(.data, "is not a JSON object") }
      return value
    } catch let error as InputError {
      throw InputError(
        .data, at: place, error.problem, remedy: "a recipe that is printed as JSON shows the form")
    }
  }

  /// Lays a configuration file over what there is.
  ///
  /// - Throws: `InputError` where it cannot be read, or has a key that does not exist.
  public mutating func apply(file path: String) throws {
    guard let bytes = FileSource.contents(path) else {
      throw InputError(
        .noInput, at: path, "cannot be read",
        remedy: "give a configuration file, or a recipe: \(Recipe.names)")
    }
    try apply(text: String(decoding: bytes, as: UTF8.self), at: path)
  }

  /// Lays JSON text over what there is.
  ///
  /// - Parameters:
  ///   - text: an object.
  ///   - place: who says so, for messages.
  /// - Throws: `InputError` where it is not one, or has a key that does not exist.
  public mutating func apply(text: String, at place: String) throws {
    try apply(Self.object(text, at: place), at: place)
  }

  /// Lays values over what there is.
  ///
  /// - Parameters:
  ///   - changes: an object of values by keys.
  ///   - place: who says so, for messages.
  /// - Throws: `InputError` naming a key that does not exist.
  public mutating func apply(_ changes: JSONValue, at place: String) throws {
    values = try Self.merged(values, changes, at: place, prefix: "")
  }

  private static func merged(
    _ old: JSONValue, _ new: JSONValue, at place: String, prefix: String
  ) throws -> JSONValue {
    let keys = (old.members ?? []).map(\.key)
    if let unknown = new.members?.first(where: { !keys.contains($0.key) }) {
      throw InputError(
        .usage, at: place, "has the key '\(prefix)\(unknown.key)', which does not exist",
        remedy: "keys are " + keys.sorted().map { prefix + $0 }.joined(separator: ", "))
    }
    return .object(
      try (old.members ?? []).map { member in
        guard let value = new[member.key] else { return member }
        guard let inner = member.value.members else { return JSONValue.Member(member.key, value) }
        guard value.members != nil else {
          throw InputError(
            .usage, at: place,
            "gives '\(prefix)\(member.key)' one value, but it has several",
            remedy: "name one of them, such as \(prefix)\(member.key)."
              + (inner.map(\.key).min() ?? ""))
        }
        return JSONValue.Member(
          member.key,
          try merged(member.value, value, at: place, prefix: "\(prefix)\(member.key)."))
      })
  }

  /// Follows `key=value`, such as `optimizer.momentum=0.95`.
  ///
  /// - Parameters:
  ///   - setting: the key and the value.
  ///   - place: who says so, for messages.
  /// - Throws: `InputError` where it has another form, or there is no such key.
  public mutating func apply(setting: String, at place: String) throws {
    let (path, text) = try Self.parts(of: setting, at: place)
    // Whatever is not a JSON value is a word.
    let value = (try? JSONValue(parsing: text)) ?? .text(text)
    try apply(
      path.reversed().reduce(value) { .object([JSONValue.Member($1, $0)]) }, at: place)
  }

  /// The key that `key=value` names, such as `optimizer.momentum`.
  ///
  /// - Parameters:
  ///   - setting: the key and the value.
  ///   - place: who says so, for messages.
  /// - Throws: `InputError` where it has another form.
  public static func key(of setting: String, at place: String) throws -> String {
    try parts(of: setting, at: place).path.joined(separator: ".")
  }

  private static func parts(
    of setting: String, at place: String
  ) throws -> (path: [String], value: String) {
    let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains("") else {
      throw InputError(
        .usage, at: place, "is '\(setting)', which is not of the form key=value",
        remedy: "as in schedule.base=0.001")
    }
    return (path, String(parts[1]))
  }

  /// The configuration.
  ///
  /// - Throws: `InputError` naming the key whose value does not fit.
  public func experiment() throws -> Experiment {
    do {
      return try JSONDecoder().decode(Experiment.self, from: Data(values.compactText.utf8))
    } catch let error as DecodingError {
      throw Self.error(error)
    }
  }

  /// The keys whose values are words, with these.
  private static let words: [String: [String]] = [
    "orientation": OrientationRule.allCases.map(\.rawValue),
    "examples": ExampleKind.allCases.map(\.rawValue),
    "optimizer.rule": OptimizerSettings.Rule.allCases.map(\.rawValue),
    "schedule.policy": LearningRateSchedule.Policy.allCases.map(\.rawValue),
    "loss.grid": SegmentationLoss.Grid.allCases.map(\.rawValue),
    "loss.reduction": CrossEntropy.Reduction.allCases.map(\.rawValue),
    "normalization": NormalizationMode.allCases.map(\.rawValue),
    "crf.filter": CRFLayerSettings.Filter.allCases.map(\.rawValue),
    "crf.learns": CRFLayerSettings.Learned.allCases.map(\.rawValue),
  ]

  private static func error(_ error: DecodingError) -> InputError {
    let context: DecodingError.Context =
      switch error {
      case .typeMismatch(_, let context), .valueNotFound(_, let context),
        .keyNotFound(_, let context), .dataCorrupted(let context):
        context
      @unknown default: DecodingError.Context(codingPath: [], debugDescription: "does not fit")
      }
    let key = context.codingPath.map(\.stringValue).joined(separator: ".")
    if let words = words[key] {
      return InputError(
        .usage, at: "'\(key)'", "has a value that it cannot have",
        remedy: "it is one of \(words.joined(separator: ", "))")
    }
    return InputError(
      .usage, at: "'\(key)'", "has a value of the wrong kind: \(context.debugDescription)",
      remedy: "a recipe that is printed as JSON shows values that fit")
  }
}
