import LatticeSupport
import MeanField
import Unaries

/// What is done to scores: refinements one after another, then label filters.
///
/// As JSON: `{"steps": [{"kind": "crf", "model": "deeplab-vgg"}, {"kind": "majority"}]}`; a model
/// alone is a plan of one step.
public struct Plan: Sendable, Hashable {
  /// In the order in which they are made: all refinements, then all label filters.
  public private(set) var steps: [Step]

  /// One step.
  public enum Step: Sendable, Hashable {
    case refinement(Description<RefinementKind>)
    case labelFilter(Description<LabelFilterKind>)
  }

  /// A plan of one CRF.
  public init(_ model: CRFModel) {
    steps = [.refinement(Description(.crf, ["model": .description(model.json)]))]
  }

  /// - Throws: `InputError` where a refinement stands behind a label filter.
  public init(steps: [Step]) throws {
    self.steps = steps
    try checkOrder()
  }

  /// The steps that options describe: `band:width=8,of=crf`.
  ///
  /// - Throws: `InputError` that names the step and the part of it that cannot be understood.
  public init(_ texts: [String]) throws {
    steps = try texts.map { text in
      do {
        return try Step(JSONValue(description: text))
      } catch let error as InputError {
        throw error.at(text)
      }
    }
    try checkOrder()
  }

  private func checkOrder() throws {
    var filter: (index: Int, step: Step)?
    for (index, step) in steps.enumerated() {
      switch step {
      case .labelFilter: filter = filter ?? (index, step)
      case .refinement:
        guard let filter else { continue }
        throw InputError(
          .usage,
          "step \(index + 1), \(step.kindName), is a refinement, which needs scores, but step "
            + "\(filter.index + 1), \(filter.step.kindName), is a label filter, which leaves labels",
          remedy: "name all refinements before the first label filter")
      }
    }
  }

  /// The names of all kinds of steps.
  public static var kindNames: [String] {
    RefinementKind.registry.names + LabelFilterKind.registry.names
  }

  /// Help for the steps of a name: what it does, and its settings.
  ///
  /// - Throws: `InputError` that lists the names where there is none.
  public static func help(for kind: String) throws -> String {
    if let kind = RefinementKind.registry.all.first(where: { $0.name == kind }) { return kind.help }
    if let kind = LabelFilterKind.registry.all.first(where: { $0.name == kind }) {
      return kind.help
    }
    throw unknownKind(kind, of: "step", among: kindNames)
  }

  /// A line about each kind of step.
  public static var overview: String {
    let refinements = RefinementKind.registry.all.map { ($0.name, $0.summary, $0.example) }
    let filters = LabelFilterKind.registry.all.map { ($0.name, $0.summary, $0.example) }
    func lines(_ kinds: [(String, String, String)]) -> String {
      kinds.map { "  \($0.0): \($0.1)\n    as in \($0.2)" }.joined(separator: "\n")
    }
    return "Refinements, which change scores:\n\(lines(refinements))\n"
      + "Label filters, which change labels afterwards:\n\(lines(filters))"
  }
}

extension Plan.Step {
  /// The name of the step's kind.
  public var kindName: String {
    switch self {
    case .refinement(let description): description.kind.name
    case .labelFilter(let description): description.kind.name
    }
  }

  /// The step as JSON has it.
  public var json: JSONValue {
    switch self {
    case .refinement(let description): description.json
    case .labelFilter(let description): description.json
    }
  }

  /// The step that JSON describes: an object, or a text as options have it.
  ///
  /// - Throws: `InputError` where no step is called so, or a setting is ill.
  public init(_ json: JSONValue) throws {
    let json = try json.text.map { try JSONValue(description: $0) } ?? json
    guard let name = json["kind"]?.text else {
      throw InputError(
        .data, "a step is \(json), but must be an object with the member 'kind'",
        remedy: #"as in {"kind": "crf", "model": "deeplab-vgg"}"#)
    }
    if RefinementKind.registry.names.contains(name) {
      self = .refinement(try Description(json, in: RefinementKind.registry))
    } else if LabelFilterKind.registry.names.contains(name) {
      self = .labelFilter(try Description(json, in: LabelFilterKind.registry))
    } else {
      throw unknownKind(name, of: "step", among: Plan.kindNames)
    }
  }
}

extension Plan: Codable {
  /// Reads it as files and options have it.
  public init(from decoder: any Decoder) throws {
    try self.init(json: JSONValue(from: decoder))
  }

  /// Writes it as files have it.
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

  /// The plan as JSON has it.
  public var json: JSONValue { .object(["steps": .list(steps.map(\.json))]) }

  /// Reads a plan, or a model, which is a plan of one step.
  ///
  /// - Throws: `InputError` that names the step and what is expected there.
  public init(json: JSONValue) throws {
    guard let steps = json["steps"] else {
      if json["kind"] != nil {
        try self.init(steps: [Step(json)])
      } else {
        self.init(try CRFModel(json: json))
      }
      return
    }
    if let other = json.members?.first(where: { $0.key != "steps" }) {
      throw unknownName(other.key, of: "key of a plan", among: ["steps"])
    }
    guard case .list(let values) = steps else {
      throw InputError(.data, "'steps' is \(steps), but must be a list")
    }
    try self.init(
      steps: values.enumerated().map { index, json in
        do {
          return try Step(json)
        } catch let error as InputError {
          throw error.within("step \(index + 1)")
        }
      })
  }
}

extension Plan.Step {
  /// The step as an option has it.
  public var text: String {
    switch self {
    case .refinement(let description): "\(description)"
    case .labelFilter(let description): "\(description)"
    }
  }
}

extension Description<RefinementKind> {
  /// The model of a CRF whose model is written out; `nil` for everything else.
  public var model: CRFModel? {
    guard kind.name == RefinementKind.crf.name, case .object? = settings.nested("model") else {
      return nil
    }
    return try? CRFModel(settings, .none)
  }

  /// The same with models written out in place of their names, here and within.
  ///
  /// - Throws: `InputError` where there is no such model.
  fileprivate func resolved(_ context: DescriptionContext) throws -> Self {
    var result = self
    if kind.name == RefinementKind.crf.name {
      let model = try CRFModel(settings, context)
      return Description(.crf, ["model": .description(model.json)])
    }
    for setting in kind.settings {
      guard case .description(of: "refinement") = setting.type,
        let inner = settings.nested(setting.key)
      else { continue }
      let json = try inner.text.map { try JSONValue(description: $0) } ?? inner
      result.settings[setting.key] = .description(
        try Description(json, in: RefinementKind.registry).resolved(context).json)
    }
    return result
  }

  /// The models of all CRFs, here and within.
  fileprivate var models: [CRFModel] {
    if let model { return [model] }
    return settings.values.values.flatMap { value -> [CRFModel] in
      guard case .description(let json) = value,
        let inner = try? Description(json, in: RefinementKind.registry)
      else { return [] }
      return inner.models
    }
  }

  /// The same with other arrays and files, here and within.
  fileprivate func replacingAllFiles(_ replacement: (String) -> String) -> Self {
    var result = replacingFiles(replacement)
    if let model {
      result.settings["model"] = .description(model.replacingFiles(replacement).json)
      return result
    }
    for (key, value) in settings.values {
      guard case .description(let json) = value,
        let inner = try? Description(json, in: RefinementKind.registry)
      else { continue }
      result.settings[key] = .description(inner.replacingAllFiles(replacement).json)
    }
    return result
  }
}

extension Plan {
  /// The same with models written out in place of their names, so that nothing else is needed to
  /// repeat it.
  ///
  /// - Throws: `InputError` where there is no such model.
  public func resolved(_ context: DescriptionContext) throws -> Plan {
    try Plan(
      steps: steps.map { step in
        guard case .refinement(let description) = step else { return step }
        do {
          return .refinement(try description.resolved(context))
        } catch let error as InputError {
          throw error.at("step \(step.text)")
        }
      })
  }

  /// The models of all CRFs that are written out.
  public var models: [CRFModel] {
    steps.flatMap { step -> [CRFModel] in
      if case .refinement(let description) = step { description.models } else { [] }
    }
  }

  /// The same with other models in the place of those that are steps of their own.
  ///
  /// - Parameter change: is given each of them.
  /// - Throws: as `init(steps:)` does.
  public func changingModels(_ change: (inout CRFModel) -> Void) throws -> Plan {
    try Plan(
      steps: steps.map { step in
        guard case .refinement(let description) = step, var model = description.model else {
          return step
        }
        change(&model)
        return Plan(model).steps[0]
      })
  }

  /// The same with other arrays and files: `replacement` gets the name of each.
  public func replacingFiles(_ replacement: (String) -> String) -> Plan {
    var plan = self
    plan.steps = steps.map { step in
      switch step {
      case .refinement(let description):
        .refinement(description.replacingAllFiles(replacement))
      case .labelFilter(let description): .labelFilter(description.replacingFiles(replacement))
      }
    }
    return plan
  }

  /// The preset of that name as a plan of one step, or the plan or model in a file.
  ///
  /// - Parameter context: reads the file.
  /// - Parameter name: the name.
  /// - Throws: `InputError` where it is neither, or the file is not a plan.
  public init(named name: String, context: DescriptionContext) throws {
    if !CRFModel.presets.contains(where: { $0.name == name }), let text = try? context.text(name),
      let json = try? JSONValue(parsing: text), json["steps"] != nil || json["kind"] != nil
    {
      do {
        try self.init(json: json)
      } catch let error as InputError {
        throw InputError(.data, at: name, error.problem, remedy: error.remedy)
      }
    } else {
      self.init(try CRFModel(named: name, context: context))
    }
  }
}
