import LatticeSupport
import MeanField
import Pipeline

/// One number of a model that a search varies: the weight of a term, or a setting of its kernel.
package struct TunedParameter: Hashable, Sendable {
  /// The term's place in the model.
  package let term: Int
  /// `weight`, or the key of a setting of the term's kernel.
  package let key: String
  /// As `--tune` names it: `bilateral.color`, or `1.color` where two terms have the same kernel.
  package let name: String
  /// The option that says where it is searched, for messages.
  package let option: String
  /// What the kernel's setting holds; `nil` for the weight.
  private let type: Setting.ValueType?

  static let weightKey = "weight"
  /// The symbols of DeepLab's paper.
  private static let symbols = [
    "gaussian.weight": "w₂", "gaussian.spatial": "σγ", "bilateral.weight": "w₁",
    "bilateral.spatial": "σα", "bilateral.color": "σβ",
  ]

  /// Whether it is the weight of its term.
  package var isWeight: Bool { type == nil }

  /// The paper's symbol, or the name where there is none.
  package var symbol: String { Self.symbols[name] ?? name }

  /// The parameter of a model that `name` stands for.
  ///
  /// - Throws: `InputError` that names the option, where the model has none of that name.
  init(_ name: String, of model: CRFModel, option: String) throws {
    let sides = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard sides.count == 2 else {
      throw InputError(
        .usage, at: option, "names '\(name)', which is not a term and one of its settings",
        remedy: "as in --tune bilateral.color=3:6")
    }
    let term = try Self.term(sides[0], of: model, option: option)
    let kind = model.terms[term].kernel.kind
    let key = sides[1]
    let settings = kind.settings.filter { Self.isNumber($0.type) }
    guard key == Self.weightKey || settings.contains(where: { $0.key == key }) else {
      throw unknownName(
        key, of: "number of the \(kind.name) kernel",
        among: [Self.weightKey] + settings.map(\.key)
      ).at(option)
    }
    self.term = term
    self.key = key
    self.option = option
    let isOnly = model.terms.count { $0.kernel.kind.name == kind.name } == 1
    self.name = "\(isOnly ? kind.name : "\(term)").\(key)"
    type = key == Self.weightKey ? nil : settings.first { $0.key == key }?.type
  }

  private static func term(_ text: String, of model: CRFModel, option: String) throws -> Int {
    if let place = Int(text), model.terms.indices.contains(place) { return place }
    let places = model.terms.indices.filter { model.terms[$0].kernel.kind.name == text }
    guard places.count <= 1 else {
      throw InputError(
        .usage, at: option, "names the kernel '\(text)', of which the model has \(places.count)",
        remedy: "name the term by its place, as in "
          + places.map { "\($0).weight" }
          .joined(separator: " or "))
    }
    guard let place = places.first else {
      throw unknownName(text, of: "term", among: model.terms.map(\.kernel.kind.name)).at(option)
    }
    return place
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

/// One point of a search: a value for each parameter of its space, and the updates.
package struct TunedSetting: Hashable, Sendable {
  /// In the order of the parameters; `nil` for what the model has, one bandwidth for each axis.
  package var values: [Float?]
  /// Updates; 0 leaves the labels as the scores have them.
  package var iterations: Int

  package init(_ values: [Float?], iterations: Int) {
    self.values = values
    self.iterations = iterations
  }
}

/// What a search varies: some numbers of the CRF in a plan.
package struct SearchSpace: Sendable {
  /// The model that holds where nothing is varied.
  package let base: CRFModel
  /// In the order of the model's terms, the weight of each first.
  package let parameters: [TunedParameter]
  /// The values of each that are tried first; one value fixes it.
  package let ranges: [SearchRange]
  private let plan: Plan
  /// The CRF's place in the plan.
  private let place: Int

  /// What is to be varied, as an option says it.
  package struct Choice {
    /// Such as `bilateral.color`.
    package let name: String
    let option: String
    let range: String

    /// - Parameters:
    ///   - name: such as `bilateral.color`.
    ///   - option: the option that says so.
    ///   - range: the values that are tried first; see `SearchRange`.
    package init(_ name: String, option: String, range: String) {
      self.name = name
      self.option = option
      self.range = range
    }

    /// What `--tune` says: `bilateral.color=3:6`.
    ///
    /// - Throws: `InputError` where it says no range.
    package init(_ text: String) throws {
      let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        throw InputError(
          .usage, at: "--tune", "is '\(text)', but must name a number and its values",
          remedy: "as in --tune bilateral.color=3:6")
      }
      self.init(String(sides[0]), option: "--tune \(sides[0])", range: String(sides[1]))
    }
  }

  /// - Parameters:
  ///   - plan: with one CRF among its steps, whose model is written out.
  ///   - choices: what is varied.
  /// - Throws: `InputError` where the plan has no such CRF or a choice cannot be followed.
  package init(_ plan: Plan, _ choices: [Choice]) throws {
    let places = plan.steps.indices.filter { plan.steps[$0].model != nil }
    guard places.count == 1, plan.models.count == 1, let base = plan.steps[places[0]].model else {
      throw InputError(
        .usage, at: "--preset",
        "holds a plan with \(plan.models.count) CRFs, but the numbers of one CRF that is a step of "
          + "its own are searched", remedy: "give a file with one step of the kind crf")
    }
    self.plan = plan
    self.base = base
    place = places[0]
    var found: [(parameter: TunedParameter, range: SearchRange)] = []
    for choice in choices {
      let parameter = try TunedParameter(choice.name, of: base, option: choice.option)
      if let other = found.first(where: { $0.parameter.name == parameter.name }) {
        throw InputError(
          .usage, at: choice.option,
          "says where \(parameter.name) is searched, and so does \(other.parameter.option)",
          remedy: "leave one of them out")
      }
      found.append((parameter, try SearchRange(choice.range, for: parameter)))
    }
    func rank(_ parameter: TunedParameter) -> [Int] {
      let keys =
        [TunedParameter.weightKey]
        + base.terms[parameter.term].kernel.kind.settings
        .map(\.key)
      return [parameter.term, keys.firstIndex(of: parameter.key) ?? 0]
    }
    found.sort { rank($0.parameter).lexicographicallyPrecedes(rank($1.parameter)) }
    parameters = found.map(\.parameter)
    ranges = found.map(\.range)
  }

  /// The labels as the scores have them.
  package var unrefined: TunedSetting {
    TunedSetting(parameters.map { _ in 0 }, iterations: 0)
  }

  /// The setting that a model of the same terms has.
  package func setting(of model: CRFModel) -> TunedSetting {
    TunedSetting(parameters.map { $0.value(in: model) }, iterations: model.iterations)
  }

  /// The model of a setting.
  package func model(of setting: TunedSetting) -> CRFModel {
    var model = base
    model.iterations = setting.iterations
    for (parameter, value) in zip(parameters, setting.values) {
      if let value { parameter.set(value, in: &model) }
    }
    return model
  }

  /// The plan with a model in place of its own.
  package func plan(with model: CRFModel) throws -> Plan {
    var steps = plan.steps
    steps[place] = Plan(model).steps[0]
    return try Plan(steps: steps)
  }

  /// Whether the CRF is all there is to the plan.
  package var isOneCRF: Bool { plan.steps.count == 1 }

  /// Whether settings that differ in weights and updates alone can share what is built for them.
  var sharesFilters: Bool {
    isOneCRF && base.tolerance == 0
      && base.terms.allSatisfy { $0.compatibility.kind.name == CompatibilityKind.potts.name }
  }

  /// What the kernel of a term depends on in a setting.
  func kernelValues(of term: Int, in setting: TunedSetting) -> [Float?] {
    zip(parameters, setting.values).filter { $0.0.term == term && !$0.0.isWeight }.map(\.1)
  }

  /// The weight of every term in a setting.
  func weights(in setting: TunedSetting) -> [Float] {
    let model = model(of: setting)
    return model.terms.map { Float($0.compatibility.settings.number("weight") ?? 0) }
  }

  /// The smallest bandwidths of colour that are tried at first.
  package var leastColors: [Bandwidths] {
    var model = base
    for (parameter, range) in zip(parameters, ranges) {
      parameter.set(range.values[0], in: &model)
    }
    return model.terms.compactMap(\.colorBandwidths)
  }

  /// A setting for people: `w₂ 3, σγ 1, 10 iterations`.
  package func text(of setting: TunedSetting) -> String {
    guard setting.iterations > 0 else { return "no CRF" }
    let numbers = zip(parameters, setting.values).map { parameter, value in
      "\(parameter.symbol) \(value?.shortText ?? "–")"
    }
    return (numbers + ["\(setting.iterations) iterations"]).joined(separator: ", ")
  }
}

/// A list: the values in the order of the parameters, and the iterations.
extension TunedSetting: Codable {
  package init(from decoder: any Decoder) throws {
    let numbers = try [Float?](from: decoder)
    guard let last = numbers.last ?? nil, let iterations = Int(exactly: last), iterations >= 0
    else {
      throw InputError(.data, "\(numbers) are not numbers of a CRF")
    }
    self.init(Array(numbers.dropLast()), iterations: iterations)
  }

  package func encode(to encoder: any Encoder) throws {
    try (values + [Float(iterations)]).encode(to: encoder)
  }
}

extension Plan.Step {
  /// The model of a step that is a CRF; `nil` for every other.
  fileprivate var model: CRFModel? {
    if case .refinement(let description) = self { description.model } else { nil }
  }
}
