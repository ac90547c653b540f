import LatticeSupport
import MeanField
import Pipeline

/// One point of a search: a value for each parameter of its space, and the updates.
public struct TunedSetting: Hashable, Sendable {
  /// In the order of the parameters; `nil` for what the plan has, one bandwidth for each axis.
  public var values: [Float?]
  /// Updates of the CRF, 1 where there is none; 0 leaves the labels as the scores have them.
  public var iterations: Int

  /// - Parameters:
  ///   - values: in the order of the parameters.
  ///   - iterations: updates, at least 0.
  public init(_ values: [Float?], iterations: Int) {
    self.values = values
    self.iterations = iterations
  }
}

/// What a search varies: some numbers of the steps of a plan.
public struct SearchSpace: Sendable {
  /// The plan that holds where nothing is varied.
  public let plan: Plan
  /// The model of the plan's one CRF that is a step of its own; `nil` where there is not one.
  public let base: CRFModel?
  /// Those of the CRF's terms first, in their order, the weight of each first; then those of steps.
  public let parameters: [TunedParameter]
  /// The values of each that are tried first; one value fixes it.
  public let ranges: [SearchRange]
  /// The CRF's place in the plan.
  let place: Int?

  /// A number of the CRF that is to be varied.
  public struct Choice: Sendable {
    /// Such as `bilateral.color`.
    public let name: String
    /// Who says so, for messages.
    let place: String
    let range: String

    /// - Parameters:
    ///   - name: such as `bilateral.color`.
    ///   - range: the values that are tried first; see `SearchRange`.
    ///   - place: who says so, for messages; `nil` for the name.
    public init(_ name: String, range: String, place: String? = nil) {
      self.name = name
      self.range = range
      self.place = place ?? name
    }

    /// Name and range in one: `bilateral.color=3:6`.
    ///
    /// - Parameters:
    ///   - text: what is said.
    ///   - speaker: who says so, for messages: an option; `nil` where there is none.
    /// - Throws: `InputError` where it says no range.
    public init(_ text: String, saidBy speaker: String? = nil) throws {
      let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard sides.count == 2 else {
        throw InputError(
          .usage, at: speaker, "is '\(text)', but must name a number and its values",
          remedy: "as in bilateral.color=3:6")
      }
      self.init(
        String(sides[0]), range: String(sides[1]), place: speaker.map { "\($0) \(sides[0])" })
    }
  }

  /// - Parameters:
  ///   - plan: its models are written out.
  ///   - choices: what is varied of its CRF.
  ///   - stepRanges: what is varied of its steps.
  /// - Throws: `InputError` where the plan has not the one CRF that choices are about, or a choice
  ///   cannot be followed.
  public init(_ plan: Plan, _ choices: [Choice], _ stepRanges: [StepRange] = []) throws {
    let places = plan.steps.indices.filter { plan.steps[$0].model != nil }
    let isOne = places.count == 1 && plan.models.count == 1
    guard choices.isEmpty || isOne else {
      throw InputError(
        .usage,
        "holds a plan with \(plan.models.count) CRFs, but the numbers of one CRF that is a step of "
          + "its own are searched", remedy: "give a file with one step of the kind crf")
    }
    self.plan = plan
    place = isOne ? places[0] : nil
    base = place.flatMap { plan.steps[$0].model }
    var found: [(parameter: TunedParameter, range: SearchRange)] = []
    for choice in choices {
      guard let base, let place else { break }
      let parameter = try TunedParameter(choice.name, of: base, step: place, place: choice.place)
      if let other = found.first(where: { $0.parameter.name == parameter.name }) {
        throw InputError(
          .usage, at: choice.place,
          "says where \(parameter.name) is searched, and so does \(other.parameter.place)",
          remedy: "leave one of them out")
      }
      found.append((parameter, try SearchRange(choice.range, for: parameter)))
    }
    if let base {
      func rank(_ parameter: TunedParameter) -> [Int] {
        let term = parameter.term ?? 0
        let keys =
          [TunedParameter.weightKey] + base.terms[term].kernel.kind.settings.map(\.key)
        return [term, keys.firstIndex(of: parameter.key) ?? 0]
      }
      found.sort { rank($0.parameter).lexicographicallyPrecedes(rank($1.parameter)) }
    }
    found += try stepRanges.map { try $0.parameter(of: plan) }
    parameters = found.map(\.parameter)
    ranges = found.map(\.range)
  }

  /// The labels as the scores have them.
  public var unrefined: TunedSetting {
    TunedSetting(parameters.map { _ in 0 }, iterations: 0)
  }

  /// The setting that the plan itself has.
  public var given: TunedSetting {
    base.map { setting(of: $0) }
      ?? TunedSetting(parameters.map { $0.value(in: plan, nil) }, iterations: 1)
  }

  /// The setting that a model of the same terms has in the place of the plan's CRF.
  public func setting(of model: CRFModel) -> TunedSetting {
    TunedSetting(parameters.map { $0.value(in: plan, model) }, iterations: model.iterations)
  }

  /// The CRF's model in a setting; `nil` where there is not one.
  public func model(of setting: TunedSetting) -> CRFModel? {
    guard var model = base else { return nil }
    model.iterations = setting.iterations
    for (parameter, value) in zip(parameters, setting.values) {
      if let value { parameter.set(value, in: &model) }
    }
    return model
  }

  /// The plan of a setting.
  ///
  /// - Parameter setting: of this space.
  /// - Parameter model: what its CRF is to be; `nil` for what the setting says.
  /// - Throws: `InputError` where its steps cannot stand in their order.
  public func plan(of setting: TunedSetting, with model: CRFModel? = nil) throws -> Plan {
    var steps = plan.steps
    for (parameter, value) in zip(parameters, setting.values) {
      if let value { parameter.set(value, in: &steps) }
    }
    if let place, let model = model ?? self.model(of: setting) {
      steps[place] = Plan(model).steps[0]
    }
    return try Plan(steps: steps)
  }

  /// Whether a CRF is all there is to the plan.
  public var isOneCRF: Bool { base != nil && plan.steps.count == 1 }

  /// Whether settings that differ in weights and updates alone can share what is built for them.
  var sharesFilters: Bool {
    guard let base, isOneCRF else { return false }
    return base.tolerance == 0
      && parameters.allSatisfy { $0.term != nil }
      && base.terms.allSatisfy { $0.compatibility.kind.name == CompatibilityKind.potts.name }
  }

  /// What the kernel of a term depends on in a setting.
  func kernelValues(of term: Int, in setting: TunedSetting) -> [Float?] {
    zip(parameters, setting.values).filter { $0.0.term == term && !$0.0.isWeight }.map(\.1)
  }

  /// The weight of every term in a setting.
  func weights(in setting: TunedSetting) -> [Float] {
    let terms = model(of: setting)?.terms ?? []
    return terms.map { Float($0.compatibility.settings.number("weight") ?? 0) }
  }

  /// The smallest bandwidths of colour that are tried at first.
  public var leastColors: [Bandwidths] {
    let first = TunedSetting(ranges.map { $0.values[0] }, iterations: 1)
    let models = (try? plan(of: first).models) ?? []
    return models.flatMap { $0.terms.compactMap(\.colorBandwidths) }
  }

  /// A setting for people: `w₂ 3, σγ 1, 10 iterations`.
  public func text(of setting: TunedSetting) -> String {
    guard setting.iterations > 0 else { return base == nil ? "no steps" : "no CRF" }
    let numbers = zip(parameters, setting.values).map { parameter, value in
      "\(parameter.symbol) \(value.map { parameter.shortText(of: $0) } ?? "–")"
    }
    let updates = base == nil ? [] : ["\(setting.iterations) iterations"]
    return (numbers + updates).joined(separator: ", ")
  }
}

extension TunedParameter {
  /// A value for people.
  func shortText(of value: Float) -> String { isContinuous ? value.shortText : text(of: value) }
}

/// A list: the values in the order of the parameters, and the iterations.
extension TunedSetting: Codable {
  /// Reads it as the state of a search has it.
  public init(from decoder: any Decoder) throws {
    let numbers = try [Float?](from: decoder)
    guard let last = numbers.last ?? nil, let iterations = Int(exactly: last), iterations >= 0
    else {
      throw InputError(.data, "\(numbers) are not numbers of a CRF")
    }
    self.init(Array(numbers.dropLast()), iterations: iterations)
  }

  /// Writes it as the state of a search has it.
  public func encode(to encoder: any Encoder) throws {
    try (values + [Float(iterations)]).encode(to: encoder)
  }
}

extension Plan.Step {
  /// The model of a step that is a CRF; `nil` for every other.
  fileprivate var model: CRFModel? {
    if case .refinement(let description) = self { description.model } else { nil }
  }
}
