import LatticeSupport
import MeanField
import Pipeline
import Unaries

extension Plan {
  /// The plan for a scene that is smaller by `factor` along each axis: distances in pixels become
  /// shorter, counts of pixels smaller by its square.
  ///
  /// - Parameter factor: at least 1.
  package func coarse(_ factor: Int) -> Plan {
    let steps = steps.map { step -> Step in
      switch step {
      case .refinement(let description): .refinement(Self.coarse(description, factor))
      case .labelFilter(let description):
        .labelFilter(
          Description(description.kind, Self.coarse(description.settings, factor).values))
      }
    }
    guard let plan = try? Plan(steps: steps) else {
      preconditionFailure("a plan whose steps are in order has come out of order")
    }
    return plan
  }

  private static func coarse(
    _ description: Description<RefinementKind>, _ factor: Int
  ) -> Description<RefinementKind> {
    var result = Description(
      description.kind, coarse(description.settings, factor).values)
    if var model = description.model {
      for index in model.terms.indices {
        model.terms[index].kernel.settings = coarse(model.terms[index].kernel.settings, factor)
      }
      result.settings["model"] = .description(model.json)
    }
    for setting in description.kind.settings {
      guard case .description(of: "refinement") = setting.type,
        let json = description.settings.nested(setting.key),
        let inner = try? Description(json, in: RefinementKind.registry)
      else { continue }
      result.settings[setting.key] = .description(coarse(inner, factor).json)
    }
    return result
  }

  /// Settings that are distances in pixels.
  private static let distances: Set = ["spatial", "radius", "width", "dilations"]
  /// Settings that count pixels.
  private static let areas: Set = ["minimum", "maximum"]

  private static func coarse(_ settings: Settings, _ factor: Int) -> Settings {
    var result = settings
    for setting in settings.declared {
      guard let value = settings[setting.key] else { continue }
      if distances.contains(setting.key) {
        result[setting.key] = divided(value, by: factor, setting.type)
      } else if areas.contains(setting.key) {
        result[setting.key] = divided(value, by: factor * factor, setting.type)
      }
    }
    return result
  }

  private static func divided(
    _ value: SettingValue, by factor: Int, _ type: Setting.ValueType
  ) -> SettingValue {
    func count(_ count: Int, in range: ClosedRange<Int>) -> Int {
      max(range.lowerBound, count / factor)
    }
    switch (value, type) {
    case (.bandwidths(let bandwidths), _) where !bandwidths.isInMillimetres:
      return .bandwidths(Bandwidths(bandwidths.values.map { $0 / Float(factor) }))
    case (.number(let number), .number(let range)):
      let part = number / Double(factor)
      return range.contains(part) ? .number(part) : value
    case (.count(let number), .count(let range)): return .count(count(number, in: range))
    case (.counts(let numbers), .counts(let range)):
      return .counts(numbers.map { count($0, in: range) })
    default: return value
    }
  }

  /// The plan with at most so many updates of each CRF.
  package func limitingUpdates(to count: Int) -> Plan {
    let steps = steps.map { step -> Step in
      guard case .refinement(var description) = step, var model = description.model,
        model.iterations > count
      else { return step }
      model.iterations = count
      description.settings["model"] = .description(model.json)
      return .refinement(description)
    }
    guard let plan = try? Plan(steps: steps) else {
      preconditionFailure("a plan whose steps are in order has come out of order")
    }
    return plan
  }

  /// The plan up to the first CRF, of which so many updates are made; `nil` where there is no CRF.
  func upTo(update: Int) -> Plan? {
    guard
      let index = steps.firstIndex(where: { step in
        if case .refinement(let description) = step { description.model != nil } else { false }
      }), case .refinement(let description) = steps[index], var model = description.model
    else { return nil }
    model.iterations = min(update, model.iterations)
    return try? Plan(steps: steps[..<index] + Plan(model).steps)
  }
}
