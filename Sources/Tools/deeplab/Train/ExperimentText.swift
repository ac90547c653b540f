import DeepLabNet
import Formats
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

/// A configuration as JSON: defaults, over which recipes, files and options are laid key by key.
struct ExperimentText {
  private var values: [String: Any]

  /// All keys with their defaults.
  init() throws { try self.init(Experiment()) }

  /// The values of a configuration.
  init(_ experiment: Experiment) throws {
    values = try Self.object(JSONEncoder().encode(experiment), at: "the experiment")
  }

  /// A configuration as a file has it.
  static func text(of experiment: Experiment) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(experiment), as: UTF8.self)
  }

  private static func object(_ data: Data, at place: String) throws -> [String: Any] {
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(with: data)
    } catch {
      throw InputError(
        .data, at: place, "is not JSON", remedy: "'deeplab train --recipe NAME --print' writes one")
    }
    guard let values = object as? [String: Any] else {
      throw InputError(
        .data, at: place, "is not a JSON object",
        remedy: "'deeplab train --recipe NAME --print' writes one")
    }
    return values
  }

  /// Lays a configuration file over what there is.
  mutating func apply(file path: String) throws {
    guard let bytes = FileSystem.contents(path) else {
      throw InputError(
        .noInput, at: path, "cannot be read",
        remedy: "give a configuration file, or a recipe: \(Recipe.names)")
    }
    try apply(Self.object(Data(bytes), at: path), at: path)
  }

  /// Lays JSON text over what there is.
  mutating func apply(text: String, at place: String) throws {
    try apply(Self.object(Data(text.utf8), at: place), at: place)
  }

  /// Lays values over what there is.
  ///
  /// - Parameters:
  ///   - changes: values by keys, as JSON has them.
  ///   - place: who says so.
  /// - Throws: `InputError` naming a key that does not exist.
  mutating func apply(_ changes: [String: Any], at place: String) throws {
    values = try Self.merged(values, changes, at: place, prefix: "")
  }

  private static func merged(
    _ old: [String: Any], _ new: [String: Any], at place: String, prefix: String
  ) throws -> [String: Any] {
    var result = old
    for (key, value) in new {
      guard let before = old[key] else {
        throw InputError(
          .usage, at: place, "has the key '\(prefix)\(key)', which does not exist",
          remedy: "keys are " + old.keys.sorted().map { prefix + $0 }.joined(separator: ", "))
      }
      if let inner = before as? [String: Any] {
        guard let changes = value as? [String: Any] else {
          throw InputError(
            .usage, at: place, "gives '\(prefix)\(key)' one value, but it has several",
            remedy: "name one of them, such as \(prefix)\(key).\(inner.keys.min() ?? "")")
        }
        result[key] = try merged(inner, changes, at: place, prefix: "\(prefix)\(key).")
      } else {
        result[key] = value
      }
    }
    return result
  }

  /// Follows `key=value`, such as `optimizer.momentum=0.95`.
  mutating func apply(setting: String) throws {
    let (path, text) = try Self.parts(of: setting)
    // Whatever is not a JSON value is a word.
    let value =
      (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) ?? text
    try apply(Self.nested(path[...], value), at: "--set")
  }

  /// The key that `key=value` names, such as `optimizer.momentum`.
  static func key(of setting: String) throws -> String {
    try parts(of: setting).path.joined(separator: ".")
  }

  private static func parts(of setting: String) throws -> (path: [String], value: String) {
    let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let path = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, !path.contains("") else {
      throw InputError(
        .usage, at: "--set", "is '\(setting)', which is not of the form key=value",
        remedy: "as in --set schedule.base=0.001")
    }
    return (path, String(parts[1]))
  }

  private static func nested(_ path: ArraySlice<String>, _ value: Any) -> [String: Any] {
    guard let first = path.first else { return [:] }
    let rest = path.dropFirst()
    return [first: rest.isEmpty ? value : nested(rest, value)]
  }

  /// The configuration.
  ///
  /// - Throws: `InputError` naming the key whose value does not fit.
  func experiment() throws -> Experiment {
    do {
      let data = try JSONSerialization.data(withJSONObject: values)
      return try JSONDecoder().decode(Experiment.self, from: data)
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
      remedy: "'deeplab train --recipe NAME --print' shows values that fit")
  }
}
