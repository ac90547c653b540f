import Formats
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import Synchronization
import Unaries

/// What a page is about: images, the plan it starts with, and what may be done with it.
package struct SiteSettings: Sendable {
  /// What is looked at.
  package var images: [PageImage]
  /// Files that cannot be looked at, and why.
  package var failures: [InputError] = []
  /// The plan that the page starts with, with models written out.
  package var plan: Plan
  /// How labels are compared with the truth.
  package var judging: Judging
  /// The labels' colours and names.
  package var palette: Palette
  /// Where presets are saved; `nil` where the page may save none.
  package var presets: String?
  /// How command lines and calls name the same images.
  package var calls: CallTexts
  package var parallelism: Parallelism

  package init(
    images: [PageImage], plan: Plan, judging: Judging, palette: Palette, calls: CallTexts,
    parallelism: Parallelism
  ) {
    self.images = images
    self.plan = plan
    self.judging = judging
    self.palette = palette
    self.calls = calls
    self.parallelism = parallelism
  }
}

/// What all visitors of a page share.
package final class Site: Sendable {
  let settings: SiteSettings
  package let store: ImageStore
  let worker = Worker()
  /// Gives the arrays that the first plan names, and no others: a page is not to read what nobody
  /// has named.
  let context: DescriptionContext
  private let state = Mutex(State())

  private struct State {
    var visitors = 0
    var nextVisitor = 0
    /// Presets that this site has written, which it may write again.
    var saved: Set<String> = []
  }

  /// More than anybody has windows open.
  private static let mostVisitors = 16

  package init(_ settings: SiteSettings) {
    self.settings = settings
    store = ImageStore(
      settings.images, settings.judging, parallelism: settings.parallelism)
    var files: Set<String> = []
    _ = settings.plan.replacingFiles { path in
      files.insert(path)
      return path
    }
    let stems = settings.images.map(\.name)
    let named = files.union(files.flatMap { file in stems.map { ArrayFile.path($0, of: file) } })
    context = DescriptionContext(
      array: { path in
        guard named.contains(path) else { throw Self.notNamed(path) }
        return try ArrayFile.read(path)
      }, text: { throw Self.notNamed($0) })
  }

  private static func notNamed(_ path: String) -> InputError {
    InputError(
      .usage, "'\(path)' is a file that the page may not read",
      remedy: "name it in the plan that the page is started with")
  }

  /// A number for a new visitor; `nil` where there are too many.
  package func enter() -> Int? {
    state.withLock { state in
      guard state.visitors < Self.mostVisitors else { return nil }
      state.visitors += 1
      state.nextVisitor += 1
      return state.nextVisitor
    }
  }

  package func leave() { state.withLock { $0.visitors -= 1 } }

  /// How many jobs wait or run, for any visitor.
  package var jobCount: Int { worker.count }

  /// Ends the work; nothing is answered from now on.
  package func end() { worker.end() }

  /// The plan that a page asks for, with models written out.
  ///
  /// - Throws: `InputError` where it is none, or names files.
  func plan(_ json: JSONValue?) throws -> Plan {
    guard let json else { return settings.plan }
    return try Plan(json: json).resolved(context)
  }

  /// Writes a preset.
  ///
  /// - Returns: where it stands.
  /// - Throws: `InputError` where no folder was named, the name is none, or another file has it.
  func save(_ plan: Plan, as name: String) throws -> String {
    guard let folder = settings.presets else {
      throw InputError(.usage, "no folder for presets was named", remedy: "download it instead")
    }
    guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_-]{0,63}/) != nil else {
      throw InputError(
        .usage, "'\(name)' cannot be the name of a preset",
        remedy: "up to 64 letters, digits, '-' and '_', a letter first")
    }
    let path = "\(folder)/\(name).json"
    guard state.withLock({ $0.saved.contains(path) }) || !FolderListing.exists(path) else {
      throw InputError(
        .cannotCreate, at: path, "exists already, and this page has not written it",
        remedy: "choose another name")
    }
    let text = preset(plan, named: name).text()
    try Interruption.whileWriting {
      try AtomicOutput.write(to: path) { try $0.write(text + "\n") }
    }
    state.withLock { _ = $0.saved.insert(path) }
    return path
  }

  /// What a file of parameters holds: a model where the plan is one CRF, else the plan.
  func preset(_ plan: Plan, named name: String? = nil) -> JSONValue {
    guard plan.steps.count == 1, case .refinement(let description) = plan.steps[0],
      var model = description.model
    else { return plan.json }
    if let name {
      (model.name, model.source) = (name, "crf-tune serve")
    }
    return model.json
  }

  /// All that the page is drawn from.
  var description: JSONValue {
    let labels = settings.palette.colors.indices.map { label in
      Self.json(label: UInt16(label), settings.palette)
    }
    return .object([
      "version": .text(Version.current),
      "images": .list(settings.images.map { .text($0.name) }),
      "failures": .list(settings.failures.map { .text("\($0)") }),
      "labels": .list(labels), "void": .number(Int(settings.judging.void)),
      "trimap_width": .number(settings.judging.trimapWidth),
      "plan": settings.plan.json, "saves": .flag(settings.presets != nil),
      "presets": .list(CRFModel.presets.map(\.json)),
      "refinements": .list(RefinementKind.registry.all.map { $0.json() }),
      "label_filters": .list(LabelFilterKind.registry.all.map { $0.json() }),
      "kernels": .list(KernelKind.registry.all.map { $0.json() }),
      "compatibilities": .list(CompatibilityKind.registry.all.map { $0.json() }),
      "filters": .list(FilterKind.registry.all.map { $0.json() }),
      "solvers": .list(SolverKind.registry.all.map { $0.json() }),
      "normalizations": .list(Normalization.allCases.map { .text($0.rawValue) }),
      "self_terms": .list(SelfTerm.allCases.map { .text($0.rawValue) }),
    ])
  }

  private static func json(label: UInt16, _ palette: Palette) -> JSONValue {
    let color = palette.color(of: label)
    return .object([
      "name": .text(palette.names[Int(label)]),
      "color": .list([color.red, color.green, color.blue].map { .number(Int($0)) }),
    ])
  }
}
