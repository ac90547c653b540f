import ArgumentParser
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport

/// What is done to the scores: steps, or one CRF in short.
struct PlanOptions: ParsableArguments {
  @OptionGroup var steps: StepOptions

  @Option(
    name: [.customLong("preset"), .customLong("plan")],
    help: ArgumentHelp(
      "Published parameters by name, see --list-presets, or a file of parameters as crf-tune "
        + "writes it, or of a plan. (default: \(CRFModel.defaultPreset), unless --kernel or --step "
        + "is given)", valueName: "preset"))
  var preset: String?

  @Flag(help: "List the presets, with their parameters and sources, and do nothing else.")
  var listPresets = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A kernel, instead of a preset; may be repeated. "
        + KernelKind.registry.all.map { "\($0.example) (\($0.summary))" }.joined(separator: "; ")
        + ". A bandwidth is one value, or one per axis (x first): 67x80. Compatibilities other than "
        + "Potts' are named by compatibility="
        + CompatibilityKind.registry.names.dropFirst().joined(separator: "|")
        + ",costs=FILE.npy.",
      valueName: "kernel"))
  var kernel: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the sums of kernels are normalised. (default: the preset's, or symmetric)",
      valueName: "mode"))
  var normalization: Normalization?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean field updates. (default: the preset's, or 10)", valueName: "n"))
  var iterations: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop once no probability changes by more than this. (default: 0, which makes all updates)",
      valueName: "change"))
  var tolerance: Float?

  @Flag(help: "Leave a pixel's message to itself out, as the papers' energy does.")
  var excludeSelf = false

  @Option(
    help: ArgumentHelp(
      "How pairs of pixels are summed: "
        + FilterKind.registry.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ")
        + ". (default: \(FilterKind.registry.names[0]))", valueName: "name"))
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "How mean field is solved: "
        + SolverKind.registry.all.map { "\($0.name) (\($0.summary))" }.joined(separator: "; ")
        + ". Settings follow a colon, as in damped:step=0.5. (default: the preset's, or "
        + "\(SolverKind.registry.names[0]))", valueName: "name"))
  var solver: String?

  @Flag(
    help: """
      Report the free energy after each update and the energy of the labels, which takes about twice as \
      long; --json always does. Not of tiles.
      """)
  var energies = false

  @OptionGroup var threads: ThreadOptions
}

/// What `--filter exact` may leave out and keep.
struct ExactOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --filter exact: skip pairs of pixels whose weight is sure to be below this; 0 evaluates "
        + "every pair. What that can change is printed. (default: "
        + "\(ExactBackend.defaultThreshold))", valueName: "weight"))
  var threshold: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --filter exact: memory for weights that are kept between updates, such as 512M or 4G. "
        + "Results do not depend on it. (default: "
        + "\(MemorySize(bytes: ExactBackend.defaultMemoryBudget)) where points have so many features "
        + "that it pays)", valueName: "size"))
  var memory: String?
}

extension PlanSettings {
  /// The steps, or the CRF that the short options describe.
  ///
  /// - Throws: `InputError` where something cannot be understood, or options contradict each other.
  init(_ options: PlanOptions, exact: ExactOptions) throws {
    let parallelism = try options.threads.parallelism()
    guard !options.steps.step.isEmpty else {
      let plan = try Plan.short(options, exact)
      try self.init(plan, parallelism: parallelism)
      return
    }
    try OptionCheck.refuse(
      [
        "--preset": options.preset != nil, "--kernel": !options.kernel.isEmpty,
        "--normalization": options.normalization != nil, "--iterations": options.iterations != nil,
        "--tolerance": options.tolerance != nil, "--exclude-self": options.excludeSelf,
        "--filter": options.filter != nil, "--solver": options.solver != nil,
        "--threshold": exact.threshold != nil,
        "--memory": exact.memory != nil,
      ],
      because: "describes the one CRF that is made without --step",
      remedy: "write it into the step, as in --step crf:model=deeplab-vgg,iterations=5")
    try self.init(
      OptionCheck.naming("--step") { try Plan(options.steps.step) }, parallelism: parallelism)
  }
}

extension Plan {
  fileprivate static func short(_ options: PlanOptions, _ exact: ExactOptions) throws -> Plan {
    var plan = try base(options)
    let changes = try Changes(options, exact)
    guard !changes.isEmpty else { return plan }
    guard plan.steps.count == 1, var model = try plan.resolved(.files).models.first else {
      throw InputError(
        .usage, at: changes.firstOption,
        "changes the one CRF of a preset, but the file of --preset holds a plan of other steps",
        remedy: "change it in the file, or write the steps with --step")
    }
    changes.apply(to: &model)
    plan = Plan(model)
    return plan
  }

  private static func base(_ options: PlanOptions) throws -> Plan {
    guard options.kernel.isEmpty else {
      if let name = options.preset {
        let model = try OptionCheck.naming("--preset") {
          try CRFModel(named: name, context: .files)
        }
        throw InputError(
          .usage, at: "--preset",
          "cannot be combined with --kernel, which says what the preset says too",
          remedy: "give one of them; to start from the preset, write "
            + model.terms.map { "--kernel \($0)" }.joined(separator: " "))
      }
      return Plan(
        CRFModel(
          terms: try options.kernel.map { text in
            try OptionCheck.naming("--kernel \(text)") { try CRFModel.Term(text) }
          }))
    }
    return try OptionCheck.naming("--preset") {
      try Plan(named: options.preset ?? CRFModel.defaultPreset, context: .files)
    }
  }
}

/// What the short options change of a model.
private struct Changes {
  let firstOption: String
  let isEmpty: Bool
  private let options: PlanOptions
  private let changes: CRFChanges

  init(_ options: PlanOptions, _ exact: ExactOptions) throws {
    self.options = options
    if let iterations = options.iterations, !(0...1_000_000).contains(iterations) {
      throw InputError(
        .usage, at: "--iterations", "is \(iterations), but must be 0…1000000",
        remedy: "5 to 10 are usual; 0 leaves the labels as they are")
    }
    if let tolerance = options.tolerance, !(tolerance >= 0 && tolerance.isFinite) {
      throw InputError(
        .usage, at: "--tolerance", "is \(tolerance), but must be 0 or more",
        remedy: "0 does every iteration; 0.001 stops early")
    }
    changes = try Self.changes(options, exact)
    let given: KeyValuePairs = [
      "--normalization": options.normalization != nil, "--iterations": options.iterations != nil,
      "--tolerance": options.tolerance != nil, "--exclude-self": options.excludeSelf,
      "--filter": changes.filter != nil, "--solver": changes.solver != nil,
    ]
    firstOption = given.first(where: \.value)?.key ?? ""
    isEmpty = firstOption.isEmpty
  }

  private static func changes(_ options: PlanOptions, _ exact: ExactOptions) throws -> CRFChanges {
    var changes = try CRFChanges(
      normalization: options.normalization, filter: options.filter, solver: options.solver)
    guard changes.filter?.kind.name == FilterKind.exact.name else {
      try OptionCheck.refuse(
        ["--threshold": exact.threshold != nil, "--memory": exact.memory != nil],
        because: "is for --filter exact, but the filter is "
          + "'\(changes.filter?.kind.name ?? FilterKind.registry.names[0])'",
        remedy: "add --filter exact, or leave it out")
      return changes
    }
    if let threshold = exact.threshold {
      guard threshold >= 0, threshold < 1 else {
        throw InputError(
          .usage, at: "--threshold", "is \(threshold), but must be at least 0 and below 1",
          remedy: "1e-12 skips what cannot be seen; 0 evaluates every pair")
      }
      changes.filter?.settings["threshold"] = .number(threshold)
    }
    if let text = exact.memory {
      let bytes = try MemorySize(text, option: "--memory").bytes
      changes.filter?.settings["memory"] = .count((bytes + 1 << 20 - 1) >> 20)
    }
    return changes
  }

  func apply(to model: inout CRFModel) {
    if let iterations = options.iterations { model.iterations = iterations }
    if let tolerance = options.tolerance { model.tolerance = tolerance }
    changes.apply(to: &model)
    guard options.excludeSelf else { return }
    for index in model.terms.indices { model.terms[index].selfTerm = .excluded }
  }
}

/// What `--list-presets` prints.
enum PresetList {
  static var text: String {
    CRFModel.presets.map { preset in
      let name = preset.name ?? ""
      let isDefault = name == CRFModel.defaultPreset ? " (the default)" : ""
      let kernels = preset.terms.map { "  --kernel \($0)" }.joined(separator: "\n")
      return """
        \(name)\(isDefault): \(preset.source ?? "")
        \(kernels)
          --iterations \(preset.iterations)
        """
    }.joined(separator: "\n")
  }
}

/// An amount of memory, as people write it: 512M, 2G.
struct MemorySize: CustomStringConvertible {
  /// At least 0.
  let bytes: Int

  private static let units: [(letter: Character, bytes: Int)] = [
    ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10),
  ]

  init(bytes: Int) { self.bytes = bytes }

  /// - Throws: `InputError` that names `option` where `text` is not a size.
  init(_ text: String, option: String) throws {
    let unit = Self.units.first { $0.letter == text.uppercased().last }
    let digits = unit == nil ? Substring(text) : text.dropLast()
    guard let count = Int(digits), count >= 0, count <= Int.max / (unit?.bytes ?? 1) else {
      throw InputError(
        .usage, at: option, "is '\(text)', which is not an amount of memory",
        remedy: "write a whole number of bytes, or of K, M or G, such as 512M or 4G")
    }
    bytes = count * (unit?.bytes ?? 1)
  }

  var description: String {
    let unit = Self.units.first { bytes >= $0.bytes && bytes.isMultiple(of: $0.bytes) }
    return unit.map { "\(bytes / $0.bytes)\($0.letter)" } ?? "\(bytes)"
  }
}
