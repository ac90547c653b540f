import LatticeSupport
import MeanField
import Unaries

/// A plan whose steps are made, ready for one scene after another.
public struct PreparedPlan: Sendable {
  /// The refinements, in order.
  public let refinements: [any Refinement]
  /// The label filters, in order.
  public let labelFilters: [any LabelFilter]
  /// Whether the first axis of scenes is time: label filters see each frame by itself then.
  package var isOverFrames = false

  /// Makes the steps of a plan.
  ///
  /// - Parameter context: gives the arrays and files that the plan refers to.
  /// - Parameter plan: the plan.
  /// - Throws: `InputError` where one of them cannot be used; it names the step.
  public init(_ plan: Plan, context: DescriptionContext = .none) throws {
    var nested = context
    nested.refinement = { try Self.refinement($0, context) }
    var refinements: [any Refinement] = []
    var filters: [any LabelFilter] = []
    for step in plan.steps {
      do {
        switch step {
        case .refinement(let description):
          refinements.append(try description.kind.make(description.settings, nested))
        case .labelFilter(let description):
          filters.append(try description.kind.make(description.settings, nested))
        }
      } catch let error as InputError {
        throw error.at("step \(step.kindName)")
      }
    }
    self.init(refinements: refinements, labelFilters: filters)
  }

  /// Steps that are made already.
  public init(refinements: [any Refinement], labelFilters: [any LabelFilter] = []) {
    self.refinements = refinements
    self.labelFilters = labelFilters
  }

  private static func refinement(
    _ json: JSONValue, _ context: DescriptionContext
  ) throws -> any Refinement {
    let json = try json.text.map { try JSONValue(description: $0) } ?? json
    let description = try Description(json, in: RefinementKind.registry)
    var nested = context
    nested.refinement = { try refinement($0, context) }
    return try description.kind.make(description.settings, nested)
  }

  /// How far a point's label depends on others: that of all steps together.
  public var reach: Reach {
    let first = refinements.reduce(Reach.steps(0)) { $0 + $1.reach }
    return labelFilters.reduce(first) { $0 + $1.reach }
  }

  /// The first step that reaches everywhere, which no tile can hold; `nil` where there is none.
  public var stepWithoutEnd: String? {
    refinements.first { $0.reach == .everywhere }?.name
      ?? labelFilters.first { $0.reach == .everywhere }?.name
  }

  /// The first step that needs an image, and why; `nil` where none does.
  public var needsImage: (step: String, reason: String)? {
    for refinement in refinements {
      if let reason = refinement.needsImage { return (refinement.name, reason) }
    }
    return nil
  }

  /// - Throws: `InputError` where the scene leaves points out that a step would take into account.
  private func checkMask(of scene: Scene, needsLabels: Bool) throws {
    guard scene.mask != nil else { return }
    let step =
      refinements.first { !$0.leavesPointsOut }?.name
      ?? (needsLabels ? labelFilters.first { $0.leftOutLabel == nil }?.name : nil)
    guard let step else { return }
    throw InputError(
      .usage,
      "the step \(step) takes every point into account, but some are left out (nodata, alpha or a "
        + "mask)",
      remedy: "choose steps that leave points out, such as crf, or fill what is missing")
  }

  /// What a plan came to.
  public struct Result: Sendable {
    /// Of the last refinement.
    public var marginals: Marginals
    /// After the last label filter; `LabelMap.leftOut` where the scene leaves points out.
    public var labels: LabelMap
    /// What each refinement says of itself, in order.
    public var reports: [RefinementReport]
    /// What the label filters took, in seconds; `nil` where there are none.
    public var labelSeconds: Double?
  }

  /// Makes all steps over a scene.
  ///
  /// - Parameters:
  ///   - energies: N × L energies over the scene's grid; where these are the only reference,
  ///     marginals may take their place.
  ///   - scene: the points, and the image over them where there is one.
  ///   - request: the threads to use, and what else the caller wants to know.
  /// - Throws: `InputError` where a step cannot be made; `CallCancelled` where it is to stop.
  public func run(
    _ energies: consuming EnergyField, over scene: Scene,
    _ request: RefinementRequest = RefinementRequest()
  ) throws -> Result {
    let outcome = try run(energies, over: scene, request, needsLabels: true)
    guard let labels = outcome.labels else { preconditionFailure("labels that were asked for") }
    return Result(
      marginals: outcome.marginals, labels: labels, reports: outcome.reports,
      labelSeconds: outcome.labelSeconds)
  }

  /// What a plan came to whose labels may not be asked for.
  package struct Outcome: Sendable {
    /// Of the last refinement.
    package var marginals: Marginals
    /// After the last label filter; `nil` where they are not asked for.
    package var labels: LabelMap?
    /// What each refinement says of itself, in order.
    package var reports: [RefinementReport]
    /// What the label filters took, in seconds; `nil` where none was made.
    package var labelSeconds: Double?
  }

  /// The same; label filters are passed over where labels are not needed.
  package func run(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest,
    needsLabels: Bool
  ) throws -> Outcome {
    let parallelism = request.parallelism
    try checkMask(of: scene, needsLabels: needsLabels)
    guard let first = refinements.first else {
      let marginals = Marginals(
        unchecked: energies.probabilities(parallelism: parallelism), grid: energies.grid)
      return try cleaned(marginals, scene, [], parallelism, needsLabels: needsLabels)
    }
    var refined = try first.refine(consume energies, over: scene, request)
    var reports = [refined.report]
    for refinement in refinements.dropFirst() {
      try Cancellation.check()
      let energies = EnergyField(of: refined.marginals, parallelism: parallelism)
      refined = try refinement.refine(energies, over: scene, request)
      reports.append(refined.report)
    }
    return try cleaned(refined.marginals, scene, reports, parallelism, needsLabels: needsLabels)
  }

  private func cleaned(
    _ marginals: Marginals, _ scene: Scene, _ reports: [RefinementReport],
    _ parallelism: Parallelism, needsLabels: Bool
  ) throws -> Outcome {
    guard needsLabels else { return Outcome(marginals: marginals, labels: nil, reports: reports) }
    let likeliest = marginals.labels(parallelism: parallelism)
    let labelCount = marginals.values.channels
    guard !labelFilters.isEmpty else {
      return Outcome(
        marginals: marginals, labels: likeliest.marking(scene.mask, labelCount: labelCount),
        reports: reports)
    }
    let start = ContinuousClock.now
    let labels = try filtered(likeliest, marginals, scene, parallelism)
    return Outcome(
      marginals: marginals, labels: labels.marking(scene.mask, labelCount: labelCount),
      reports: reports, labelSeconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private func filtered(
    _ labels: LabelMap, _ marginals: Marginals?, _ scene: Scene, _ parallelism: Parallelism
  ) throws -> LabelMap {
    guard !isOverFrames else {
      var plan = self
      plan.isOverFrames = false
      return try LabelMap.stacking(
        (0..<scene.grid.extents[0]).map { index in
          try plan.filtered(
            labels.frame(index), marginals?.frame(index), scene.frame(index), parallelism)
        })
    }
    return try labelFilters.reduce(labels) { labels, filter in
      try Cancellation.check()
      let given = filter.leftOutLabel.map { labels.marking(scene.mask, as: $0) } ?? labels
      return try filter.filter(given, marginals, over: scene, parallelism: parallelism)
    }
  }

  /// What the label filters make of labels without scores.
  ///
  /// - Parameters:
  ///   - labels: N labels over the scene's grid.
  ///   - scene: the points, and the image over them where there is one.
  ///   - parallelism: the threads to use; labels do not depend on it.
  /// - Throws: `InputError` where the plan has a step that needs scores, or a filter cannot be
  ///   applied; `CallCancelled` where it is to stop.
  public func clean(
    _ labels: LabelMap, over scene: Scene, parallelism: Parallelism = .automatic
  ) throws -> LabelMap {
    if let refinement = refinements.first {
      throw InputError(
        .usage, "the step \(refinement.name) refines scores, but there are labels alone",
        remedy: "leave it out, or give the scores that the labels come from")
    }
    for filter in labelFilters {
      guard let reason = filter.needsMarginals else { continue }
      throw InputError(
        .usage, "the step \(filter.name) \(reason), but there are labels alone",
        remedy: "choose another setting, or give the scores that the labels come from")
    }
    guard labels.grid == scene.grid else {
      throw InputError(.data, "the labels are \(labels.grid), but the scene is \(scene.grid)")
    }
    try checkMask(of: scene, needsLabels: true)
    let cleaned = try filtered(labels, nil, scene, parallelism)
    guard let mask = scene.mask else { return cleaned }
    let most = zip(cleaned.labels, mask.isCounted).reduce(0) { $1.1 ? max($0, $1.0) : $0 }
    return cleaned.marking(mask, labelCount: Int(most) + 1)
  }
}
