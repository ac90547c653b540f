import LatticeSupport
import MeanField
import Pipeline

/// One number of a plan that a search varies: the weight of a term of its CRF, a setting of such a
/// term's kernel, or a setting of a step.
public struct TunedParameter: Hashable, Sendable {
  /// The term's place in the model; `nil` for settings of a step.
  public let term: Int?
  /// `weight`, or the key of the setting.
  public let key: String
  /// What it is called: `bilateral.color`, or `1.color` where two terms have the same kernel;
  /// `guided.radius`, or `guided-2.radius` where the plan's second step is not the only one of its
  /// kind.
  public let name: String
  /// Who says where it is searched, for messages: an option, or its name.
  public let place: String
  /// The step's place in the plan.
  let step: Int
  /// What the setting holds; `nil` for the weight.
  private let type: Setting.ValueType?
  /// The words of a choice, which its values count.
  private let words: [String]

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
  /// - Parameter step: the model's place in the plan.
  /// - Throws: `InputError` that names the place, where the model has none of that name.
  init(_ name: String, of model: CRFModel, step: Int, place: String) throws {
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
    self.step = step
    let isOnly = model.terms.count { $0.kernel.kind.name == kind.name } == 1
    self.name = "\(isOnly ? kind.name : "\(term)").\(key)"
    type = key == Self.weightKey ? nil : settings.first { $0.key == key }?.type
    words = []
  }

  /// The setting `key` of a step.
  ///
  /// - Parameter words: the words of a choice that are tried, in the order of their numbers; none
  ///   for numbers.
  /// - Throws: `InputError` that names the place, where the step has no such number.
  init(_ key: String, ofStep step: Int, of plan: Plan, words: [String], place: String) throws {
    let kind = plan.steps[step].kindName
    let settings = plan.steps[step].kindSettings
    guard let setting = settings.first(where: { $0.key == key }) else {
      throw unknownName(key, of: "setting of \(kind)", among: settings.map(\.key)).at(place)
    }
    switch setting.type {
    case .number, .bandwidths, .count, .counts, .labelCounts, .choice, .flag: break
    default:
      throw InputError(
        .usage, at: place, "gives several values of '\(key)', which is not a number or a choice",
        remedy: "give one value")
    }
    term = nil
    self.key = key
    self.place = place
    self.step = step
    self.words = words
    let isOnly = plan.steps.count { $0.kindName == kind } == 1
    name = "\(kind)\(isOnly ? "" : "-\(step + 1)").\(key)"
    type = setting.type
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
    guard let type else { return value >= 0 }
    return (try? SettingValue(text(of: value), as: type, key: key)) != nil
  }

  /// What `allows` asks for, in the words of messages.
  var expectation: String {
    switch type {
    case nil: "weights are at least 0"
    case .bandwidths?: "bandwidths are above 0"
    case let type?: "it must be \(type.expectation)"
    }
  }

  /// Whether values below 0 make sense.
  var isSigned: Bool {
    if case .number(let range)? = type { range.bounds.lowerBound < 0 } else { false }
  }

  /// Whether values between two others can be tried; words have none in between.
  public var isContinuous: Bool { words.isEmpty }

  /// The nearest value that it can have: whole numbers for counts.
  func nearest(_ value: Float) -> Float {
    switch type {
    case .count?, .counts?, .labelCounts?: value.rounded()
    default: value
    }
  }

  /// A value as descriptions have it: a number, or one of the words.
  public func text(of value: Float) -> String {
    if let index = Int(exactly: value), words.indices.contains(index) { return words[index] }
    return value.shortest.description.hasSuffix(".0")
      ? String(value.shortest.description.dropLast(2)) : value.shortest.description
  }

  /// The value in a plan; `nil` where it has none, or one for each axis.
  func value(in plan: Plan, _ model: CRFModel?) -> Float? {
    guard let term else {
      switch plan.steps[step].settings[key] ?? plan.steps[step].defaultValue(of: key) {
      case .number(let number): return Float(number)
      case .count(let count): return Float(count)
      case .bandwidths(let bandwidths):
        return bandwidths.values.count == 1 ? bandwidths.values[0] : nil
      case let value?:
        return Float("\(value)") ?? words.firstIndex(of: "\(value)").map { Float($0) }
      case nil: return nil
      }
    }
    guard let term = model?.terms[term] else { return nil }
    guard let type else { return term.compatibility.settings.number(key).map { Float($0) } }
    if case .number = type { return term.kernel.settings.number(key).map { Float($0) } }
    let values = term.kernel.settings.bandwidths(key)?.values ?? []
    return values.count == 1 ? values[0] : nil
  }

  /// A value as JSON has it.
  public func json(_ value: Float) -> JSONValue {
    isContinuous ? .number(value) : .text(text(of: value))
  }

  /// Puts a value into a model; settings of steps leave it as it is.
  func set(_ value: Float, in model: inout CRFModel) {
    guard let term else { return }
    switch type {
    case nil: model.terms[term].compatibility.settings[key] = .number(value.shortest)
    case .number?: model.terms[term].kernel.settings[key] = .number(value.shortest)
    default: model.terms[term].kernel.settings[key] = .bandwidths(Bandwidths(value))
    }
  }

  /// Puts a value into a step; numbers of a CRF's terms leave it as it is.
  func set(_ value: Float, in steps: inout [Plan.Step]) {
    guard term == nil, let type,
      let value = try? SettingValue(text(of: value), as: type, key: key)
    else { return }
    steps[step].settings[key] = value
  }
}

extension Plan.Step {
  /// What its kind takes.
  var kindSettings: [Setting] {
    switch self {
    case .refinement(let description): description.kind.settings
    case .labelFilter(let description): description.kind.settings
    }
  }

  /// What is given.
  var settings: Settings {
    get {
      switch self {
      case .refinement(let description): description.settings
      case .labelFilter(let description): description.settings
      }
    }
    set {
      switch self {
      case .refinement(var description):
        description.settings = newValue
        self = .refinement(description)
      case .labelFilter(var description):
        description.settings = newValue
        self = .labelFilter(description)
      }
    }
  }

  fileprivate func defaultValue(of key: String) -> SettingValue? {
    kindSettings.first { $0.key == key }?.defaultValue
  }
}
