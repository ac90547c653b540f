import LatticeSupport
import MeanField

/// One number of a model that a search varies: the weight of a term, or a setting of its kernel.
public struct TunedParameter: Hashable, Sendable {
  /// The term's place in the model.
  public let term: Int
  /// `weight`, or the key of a setting of the term's kernel.
  public let key: String
  /// What it is called: `bilateral.color`, or `1.color` where two terms have the same kernel.
  public let name: String
  /// Who says where it is searched, for messages: an option, or its name.
  public let place: String
  /// What the kernel's setting holds; `nil` for the weight.
  private let type: Setting.ValueType?

  static let weightKey = "weight"
  /// The symbols of DeepLab's paper.
  private static let symbols = [
    "gaussian.weight": "w₂", "gaussian.spatial": "σγ", "bilateral.weight": "w₁",
    "bilateral.spatial": "σα", "bilateral.color": "σβ",
  ]

  /// Whether it is the weight of its term.
  public var isWeight: Bool { type == nil }

  /// The paper's symbol, or the name where there is none.
  public var symbol: String { Self.symbols[name] ?? name }

  /// The parameter of a model that `name` stands for.
  ///
  /// - Throws: `InputError` that names the place, where the model has none of that name.
  init(_ name: String, of model: CRFModel, place: String) throws {
    let sides = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2 else {
      throw InputError(
        .usage, at: place, "names '\(name)', which is not a term and one of its settings",
        remedy: "as in bilateral.color")
    }
    let term = try Self.term(sides[0], of: model, place: place)
    let kind = model.terms[term].kernel.kind
    let key = sides[1]
    let settings = kind.settings.filter { Self.isNumber($0.type) }
    guard key == Self.weightKey || settings.contains(where: { $0.key == key }) else {
      throw unknownName(
        key, of: "number of the \(kind.name) kernel",
        among: [Self.weightKey] + settings.map(\.key)
      ).at(place)
    }
    self.term = term
    self.key = key
    self.place = place
    let isOnly = model.terms.count { $0.kernel.kind.name == kind.name } == 1
    self.name = "\(isOnly ? kind.name : "\(term)").\(key)"
    type = key == Self.weightKey ? nil : settings.first { $0.key == key }?.type
  }

  private static func term(_ text: String, of model: CRFModel, place: String) throws -> Int {
    if let term = Int(text), model.terms.indices.contains(term) { return term }
    let terms = model.terms.indices.filter { model.terms[$0].kernel.kind.name == text }
    guard terms.count <= 1 else {
      throw InputError(
        .usage, at: place, "names the kernel '\(text)', of which the model has \(terms.count)",
        remedy: "name the term by its place, as in "
          + terms.map { "\($0).weight" }
          .joined(separator: " or "))
    }
    guard let term = terms.first else {
      throw unknownName(text, of: "term", among: model.terms.map(\.kernel.kind.name)).at(place)
    }
    return term
  }

  private static func isNumber(_ type: Setting.ValueType) -> Bool {
    switch type {
    case .number, .bandwidths: true
    default: false
    }
  }

  /// Whether it can have a value.
  func allows(_ value: Float) -> Bool {
    switch type {
    case nil: value >= 0
    case .number(let range)?: range.contains(Double(value))
    default: value > 0
    }
  }

  /// What `allows` asks for, in the words of messages.
  var expectation: String {
    switch type {
    case nil: "weights are at least 0"
    case .number(let range)?: "it must be \(range)"
    default: "bandwidths are above 0"
    }
  }

  /// Whether values below 0 make sense.
  var isSigned: Bool {
    if case .number(let range)? = type { range.bounds.lowerBound < 0 } else { false }
  }

  /// The value in a model; `nil` where it has none, or one for each axis.
  func value(in model: CRFModel) -> Float? {
    let term = model.terms[term]
    guard let type else { return term.compatibility.settings.number(key).map { Float($0) } }
    if case .number = type { return term.kernel.settings.number(key).map { Float($0) } }
    let values = term.kernel.settings.bandwidths(key)?.values ?? []
    return values.count == 1 ? values[0] : nil
  }

  /// Puts a value into a model.
  func set(_ value: Float, in model: inout CRFModel) {
    switch type {
    case nil: model.terms[term].compatibility.settings[key] = .number(value.shortest)
    case .number?: model.terms[term].kernel.settings[key] = .number(value.shortest)
    default: model.terms[term].kernel.settings[key] = .bandwidths(Bandwidths(value))
    }
  }
}
