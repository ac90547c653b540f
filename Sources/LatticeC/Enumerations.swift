import Lattice
import LatticeCHeader
import LatticeSupport
import MeanField
import Unaries

/// The header's enumerations: what its numbers stand for, and what they are called.
enum Enumerations {
  /// One of them; entries are numbered from 0.
  struct Enumeration<Entry: Sendable>: Sendable {
    /// What an entry is, for messages.
    let noun: String
    let entries: [(name: String, entry: Entry)]

    /// - Throws: a `CallError` where no entry has that number.
    func entry(_ number: Int32) throws -> Entry {
      guard let index = Int(exactly: number), entries.indices.contains(index) else {
        throw CallError.argument(
          "there is no \(noun) number \(number), but 0 to \(entries.count - 1)")
      }
      return entries[index].entry
    }

    /// The numbers by name.
    fileprivate var json: JSONValue {
      .object(entries.enumerated().map { .init($1.name, .number($0)) })
    }
  }

  /// The type of an image's elements.
  enum Element { case bytes, floats }

  /// What becomes of a feature kernel's parameters.
  enum Parameters { case none, scales, matrix }

  static let layouts = Enumeration<ChannelLayout>(
    noun: "layout",
    entries: [("channelsFirst", .channelsFirst), ("channelsLast", .channelsLast)])
  static let scoreKinds = Enumeration<ScoreKind>(
    noun: "kind of scores",
    entries: [("energies", .energies), ("logits", .logits), ("probabilities", .probabilities)])
  static let elements = Enumeration<Element>(
    noun: "type of elements", entries: [("uint8", .bytes), ("float32", .floats)])
  static let axisOrders = Enumeration<AxisOrder>(
    noun: "order of axes", entries: [("xFirst", .xFirst), ("gridOrder", .gridOrder)])
  static let normalizations = Enumeration<Normalization>(
    noun: "normalisation",
    entries: [.symmetric, .before, .after, .none].map { ($0.rawValue, $0) })
  static let selfTerms = Enumeration<SelfTerm>(
    noun: "self term",
    entries: [.included, .excluded, .excludedBeforeNormalization].map { ($0.rawValue, $0) })
  static let filters = Enumeration<FilterKind>(
    noun: "filter",
    entries: [FilterKind.permutohedral, .accurate, .exact, .grid, .window].map { ($0.name, $0) })
  static let parameters = Enumeration<Parameters>(
    noun: "type of kernel", entries: [("const", .none), ("diag", .scales), ("full", .matrix)])

  /// How learning computes.
  enum Precision { case single, double }

  static let precisions = Enumeration<Precision>(
    noun: "precision", entries: [("single", .single), ("double", .double)])
  static let recipes = Enumeration<FilteredArithmetic.FeatureRecipe?>(
    noun: "recipe for gradients by features",
    entries: [
      ("default", nil), ("consistent", .consistent), ("pairs", .pairs), ("lattice", .lattice),
    ])

  /// All of them by name.
  static var json: JSONValue {
    .object([
      "layout": layouts.json, "scoreKind": scoreKinds.json, "element": elements.json,
      "axisOrder": axisOrders.json, "normalization": normalizations.json,
      "selfTerm": selfTerms.json, "filter": filters.json, "kernelType": parameters.json,
      "precision": precisions.json, "recipe": recipes.json,
    ])
  }
}
