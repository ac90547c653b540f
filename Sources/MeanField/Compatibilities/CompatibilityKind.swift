import LatticeSupport
import Unaries

/// A kind of label compatibility that descriptions can name, and the settings that it takes.
public struct CompatibilityKind: NamedKind {
  /// What messages call it.
  public static let noun = "compatibility"

  /// What descriptions call it.
  public let name: String
  /// What it does, in a few words.
  public let summary: String
  /// What it takes.
  public let settings: [Setting]
  /// A description of one.
  public let example: String
  /// Makes the compatibility that settings describe.
  public let make: @Sendable (Settings, DescriptionContext) throws -> any LabelCompatibility

  /// - Parameters:
  ///   - name: what descriptions call it.
  ///   - summary: what it costs, in a few words.
  ///   - settings: what it takes; a setting `weight` is the one that tuning searches.
  ///   - example: a term of it as an option has it.
  ///   - make: makes the compatibility that settings describe; throws `InputError`.
  public init(
    name: String, summary: String, settings: [Setting], example: String,
    make: @escaping @Sendable (Settings, DescriptionContext) throws -> any LabelCompatibility
  ) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.example = example
    self.make = make
  }

  /// Every kind by its name; the first is the default.
  public static let registry = Registry<CompatibilityKind>([.potts, .diagonal, .matrix])

  /// The costs of a setting times the weight, of an array of `rank` axes.
  static func costs(
    _ settings: Settings, _ context: DescriptionContext, rank: Int
  ) throws -> [Float] {
    guard let value = settings.array("costs") else { preconditionFailure("no costs") }
    let array = try context.array(value)
    let place = if case .named(let name) = value { name } else { "'costs'" }
    guard array.shape.count == rank else {
      throw InputError(
        .data, at: place,
        "has the shape \(array.shape), but costs have \(rank == 1 ? "one axis" : "two axes")",
        remedy: rank == 1 ? "give one factor per label" : "give a row and a column per label")
    }
    guard array.values.allSatisfy(\.isFinite) else {
      throw InputError(.data, at: place, "has costs that are not finite")
    }
    let weight = Float(settings.number("weight") ?? 1)
    return array.values.map { weight * $0 }
  }
}

extension Setting {
  static func weight(isRequired: Bool) -> Setting {
    isRequired
      ? Setting("weight", .number(.any), "w: how much unlike labels of like points cost")
      : Setting(
        "weight", .number(.any), "what the costs are multiplied with", default: .number(1))
  }
}
