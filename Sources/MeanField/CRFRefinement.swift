import Lattice
import LatticeSupport
import Unaries

/// The dense CRF as a refinement: the marginals after a model's mean field updates.
public struct CRFRefinement: Refinement {
  /// The CRF and how it is solved.
  public let model: CRFModel
  private let context: DescriptionContext
  /// Terms that were prepared before; `nil` where none are kept.
  private var cache: TermCache?

  /// - Parameters:
  ///   - model: the CRF and how it is solved.
  ///   - context: gives the arrays that the model refers to.
  public init(_ model: CRFModel, context: DescriptionContext = .none) {
    self.model = model
    self.context = context
  }

  /// The same CRF with terms that are kept from one call to the next.
  ///
  /// - Parameter cache: of the scene that is refined, which must be the same in all calls.
  package func keepingTerms(in cache: TermCache) -> CRFRefinement {
    var refinement = self
    refinement.cache = cache
    return refinement
  }

  /// `crf:model=` with the model's name, or the terms of one without a name.
  public var name: String {
    model.name.map { "crf:model=\($0)" }
      ?? "crf of " + model.terms.map(\.description).joined(separator: " and ")
  }

  /// As far as the farthest kernel; see `KernelKind.reach`.
  public var reach: Reach { model.reach }

  /// Without an image, unless a conformer says otherwise.
  public var needsImage: String? {
    model.termThatNeedsImage.map {
      "has a \($0.kernel.kind.name) kernel, which compares \($0.kernel.kind.summary)"
    }
  }

  /// What is left out is no point of the CRF.
  public var leavesPointsOut: Bool { true }

  /// - Throws: `InputError` that names the term which cannot be prepared.
  public func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    guard let mask = scene.mask else { return try refineCounted(consume energies, scene, request) }
    guard mask.count > 0 else {
      return Refined(energies.marginals(parallelism: request.parallelism))
    }
    let counted = energies.kept(mask)
    _ = consume energies
    var request = request
    if let visit = request.visit {
      request.visit = { visit($0, $1.spread(over: mask)) }
    }
    var refined = try refineCounted(consume counted, scene, request)
    refined.marginals = refined.marginals.spread(over: mask)
    return refined
  }

  private func refineCounted(
    _ energies: consuming EnergyField, _ scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    var report = RefinementReport()
    let backend = try backend(for: request)
    let terms = try model.pairwiseTerms(on: scene.grid, context: context)
    note(terms, in: &report)
    // Held nowhere but in the CRF, so that marginals may take their place.
    let crf = try report.measure(.filters, consuming: consume energies) { energies in
      try prepare(energies, scene, terms, backend, request.parallelism)
    }
    let filters = FilterWatch(crf)
    let marginals: Marginals
    if request.notesObjective || request.visit != nil || model.tolerance > 0 || crf.skipsPairs
      || model.solver.kind.name != SolverKind.parallel.name
      || model.filter.kind.name == FilterKind.exact.name
    {
      marginals = solveStepwise(crf, request, &report)
    } else {
      report.iterations = model.iterations
      marginals = report.measure(.inference, consuming: consume crf) {
        $0.infer(InferenceOptions(iterations: model.iterations))
      }
    }
    try Cancellation.check()
    try filters.check()
    return Refined(marginals, report: report)
  }

  private func prepare(
    _ energies: consuming EnergyField, _ scene: Scene, _ terms: [PairwiseTerm],
    _ backend: any FilterBackend, _ parallelism: Parallelism
  ) throws -> DenseCRF {
    do {
      let labelCount = energies.labelCount
      return try DenseCRF(
        scene: scene, unary: energies, terms: terms, backend: backend, parallelism: parallelism
      ) { index, prepare in
        guard let cache else { return try prepare() }
        return try cache.term(
          model.terms[index], by: model.filter, terms[index], labelCount: labelCount, make: prepare)
      }
    } catch let error as PairwiseTermError {
      let owner = model.name.map { " of the model '\($0)'" } ?? ""
      let place = "the term \(model.terms[error.index])\(owner)"
      if let cause = error.cause as? InputError { throw cause.at(place) }
      if error.cause is CallCancelled { throw error.cause }
      // The memory is at fault, not the term.
      if case LatticeError.outOfMemory? = error.cause as? LatticeError { throw error.cause }
      throw InputError(.data, "\(error.cause)").within(place)
    }
  }

  /// The model's backend, which tells how far it has come where it takes long.
  private func backend(for request: RefinementRequest) throws -> any FilterBackend {
    let backend = try model.filter.kind.make(model.filter.settings)
    guard let progress = request.progress else { return backend }
    let updates = model.iterations + (request.notesObjective ? model.iterations + 1 : 0)
    // Each term is applied once to find its normaliser.
    let normalizes = model.terms.contains { $0.normalization != .none }
    return backend.reporting(applications: updates + (normalizes ? 1 : 0), to: progress)
  }

  private func solveStepwise(
    _ crf: DenseCRF, _ request: RefinementRequest, _ report: inout RefinementReport
  ) -> Marginals {
    let inference = report.measure(.inference) {
      crf.startInference(model.inference)
    }
    func noteUpdate() {
      request.visit?(inference.iteration, inference.marginals)
      if let last = inference.trace.last {
        report.freeEnergy.append(last.freeEnergy)
        return
      }
      guard request.notesObjective else { return }
      let energy = report.measure(.energies) { crf.energy(of: inference.marginals) }
      report.freeEnergy.append(energy.freeEnergy)
    }
    noteUpdate()
    while !inference.isFinished, !Cancellation.isRequested {
      report.measure(.inference) { inference.step() }
      noteUpdate()
    }
    report.iterations = inference.iteration
    report.largestChange = inference.largestChange
    note(inference, in: &report)
    if request.notesObjective, !Cancellation.isRequested {
      let energy = report.measure(.energies) {
        crf.energy(of: inference.marginals.labels(parallelism: request.parallelism))
      }
      report.sceneDetails.append(.init("discrete_energy", .number(energy)))
      if inference.trace.isEmpty, let first = report.freeEnergy.first,
        let last = report.freeEnergy.last
      {
        report.sceneLines.append(
          ("energy", "free energy \(Self.tenths(first)) to \(Self.tenths(last))"))
      }
      report.sceneLines.append(("labels", "have the energy \(Self.tenths(energy))"))
    }
    if let skipped = crf.skippedPairs {
      // Other solvers than `parallel` do not follow what they make of it.
      if inference.errorBound.isFinite { note(skipped, inference.errorBound, in: &report) }
    } else if model.filter.kind.name == FilterKind.exact.name {
      report.details.append(
        .init("exact", .object(["evaluated_share": .number(1), "error_bound": .number(0)])))
      report.lines.append(("pairs", "all evaluated"))
    }
    return inference.marginals
  }

  /// How a solver went, where energies were noted.
  private func note(_ inference: DenseCRF.Inference, in report: inout RefinementReport) {
    guard let first = inference.trace.first, let last = inference.trace.last else { return }
    func list(_ value: (UpdateRecord) -> Double?) -> JSONValue? {
      let values = inference.trace.map(value)
      return values.contains { $0 != nil }
        ? .list(values.map { $0.map { .number($0) } ?? .null }) : nil
    }
    let retries = inference.trace.reduce(0) { $0 + $1.retries }
    let stopped = inference.stopReason ?? .cancelled
    report.sceneDetails.append(
      .init(
        "solver",
        .object([
          "kind": .text(model.solver.kind.name), "stopped": .text(stopped.rawValue),
          "relaxed_energy": list(\.relaxedEnergy), "watched_energy": list(\.watchedEnergy),
          "gap": list(\.gap), "step": list { $0.step.map(Double.init) },
          "retries": retries > 0 ? .number(retries) : nil,
        ])))
    let gap = last.gap.map { ", gap " + ($0 < 1 ? Self.power($0) : Self.tenths($0)) } ?? ""
    let reason =
      switch stopped {
      case .updates: "all updates made"
      case .change: "ended when no probability changed by more than \(model.tolerance)"
      case .gap: "ended when the gap fell below \(model.tolerance) a pixel"
      case .cancelled: "cancelled"
      }
    report.sceneLines.append(
      (
        "solver",
        "\(model.solver): free energy \(Self.tenths(first.freeEnergy)) to "
          + "\(Self.tenths(last.freeEnergy))\(gap); \(reason)"
      ))
    if retries > 0 {
      report.sceneLines.append(
        (
          "solver",
          "the free energy rose, since the filter is not quite symmetric: updates were damped "
            + "\(retries) times"
        ))
    }
  }

  /// What became of features.
  private func note(_ terms: [PairwiseTerm], in report: inout RefinementReport) {
    var features: [JSONValue] = []
    for (term, description) in zip(terms, model.terms) {
      guard let kernel = term.kernel as? FeatureKernel else { continue }
      features.append(
        .object([
          "term": .text("\(description)"), "dimensions": .number(kernel.dimensions),
          "explained_variance": kernel.explainedVariance.map { .number($0) },
        ]))
      let share = kernel.explainedVariance.map {
        " principal components hold \(Self.tenths(100 * $0)) % of the variance"
      }
      report.lines.append(
        ("features", "\(description): \(kernel.dimensions)\(share ?? " dimensions")"))
    }
    if !features.isEmpty { report.details.append(.init("features", .list(features))) }
  }

  /// What the filter left out.
  private func note(
    _ skipped: SkippedPairs, _ bound: Float, in report: inout RefinementReport
  ) {
    report.details.append(
      .init(
        "exact",
        .object([
          "threshold": .number(skipped.threshold),
          "evaluated_share": .number(skipped.evaluatedShare),
          "mass_bound": .number(skipped.massBound),
          "relative_mass_bound": .number(skipped.relativeMassBound),
          "update_error_bound": .number(skipped.updateErrorBound),
          "error_bound": .number(bound),
        ])))
    report.lines.append(
      (
        "pairs",
        """
        \(Self.tenths(100 * skipped.evaluatedShare)) % evaluated, others weigh less than \
        \(skipped.threshold): an update changes no probability by
                 more than \(Self.power(skipped.updateErrorBound)) on their account, and the result \
        is within \(Self.power(Double(bound))) of all pairs
        """
      ))
  }

  private static func tenths(_ value: Double) -> String { "\((10 * value).rounded() / 10)" }

  /// One digit and a power of ten, rounded up: `4e-08`.
  private static func power(_ value: Double) -> String {
    guard value > 0 else { return "0" }
    var (digit, exponent) = (value, 0)
    while digit < 1 {
      digit *= 10
      exponent -= 1
    }
    return "\(Int(digit.rounded(.up)))e\(exponent)"
  }
}

extension RefinementKind {
  /// A dense CRF.
  public static let crf = RefinementKind(
    name: "crf", summary: "a fully connected CRF, solved by mean field",
    settings: [
      Setting(
        "model", .description(of: "model"),
        "a preset's name, or a file of parameters; in JSON a model itself",
        default: .description(.text(CRFModel.defaultPreset))),
      Setting("iterations", .count(0...1_000_000), "mean field updates", default: nil),
      Setting(
        "tolerance", .number(.atLeast(0)), "stop once no probability changes by more than this",
        default: nil),
      Setting(
        "filter", .description(of: "filter"), "how pairs of pixels are summed", default: nil),
      Setting(
        "solver", .description(of: "solver"), "how mean field is solved", default: nil),
      Setting(
        "normalization", .choice(Normalization.allCases.map(\.rawValue)),
        "how the sums of kernels are normalised", default: nil),
      Setting(
        "self", .choice(SelfTerm.allCases.map(\.rawValue)),
        "whether a pixel counts among its own neighbours", default: nil),
    ], example: "crf:model=deeplab-v2-pytorch,iterations=5"
  ) { settings, context in
    CRFRefinement(try CRFModel(settings, context), context: context)
  }
}

extension CRFModel {
  /// The model that the settings of a `crf` step describe.
  ///
  /// - Throws: `InputError` where there is no such model, or a setting is ill.
  package init(_ settings: Settings, _ context: DescriptionContext) throws {
    switch settings.nested("model") {
    case .text(let name)?: try self.init(named: name, context: context)
    case let json?: try self.init(json: json)
    case nil: preconditionFailure("'model' has a default")
    }
    if let iterations = settings.count("iterations") { self.iterations = iterations }
    if let tolerance = settings.number("tolerance") { self.tolerance = Float(tolerance) }
    if let filter = settings.nested("filter") {
      let json = try filter.text.map { try JSONValue(description: $0) } ?? filter
      self.filter = try Description(json, in: FilterKind.registry)
    }
    if let solver = settings.nested("solver") { self.solver = try Description(solver: solver) }
    for index in terms.indices {
      if let mode = settings.text("normalization").flatMap(Normalization.init) {
        terms[index].normalization = mode
      }
      if let mode = settings.text("self").flatMap(SelfTerm.init) { terms[index].selfTerm = mode }
    }
  }
}
