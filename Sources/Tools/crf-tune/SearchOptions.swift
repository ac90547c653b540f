import ArgumentParser
import Formats
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Tuning
import Unaries

/// What is searched, and for what.
struct SearchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What is to be as large as possible: the mean IOU (miou), the mean IOU near true boundaries "
        + "(trimap), or the share of pixels with the right label (accuracy).", valueName: "goal"))
  var objective = SearchGoal.miou

  @Option(
    help: ArgumentHelp(
      "The model whose numbers are searched: a published one by name, or a file of parameters or of "
        + "a plan with one CRF. (default: DeepLab's two kernels, the five numbers below)",
      valueName: "preset"))
  var preset: String?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Search a number of the model, the weight of a kernel or one of its settings: "
        + "bilateral.color=3:6; 1.color=3:6 for term 1 where a kernel occurs twice (the first is "
        + "term 0). One value, a list (3,5,10), or first:step:last (30:10:100). May be repeated.",
      valueName: "term.key=range"))
  var tune: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A step of the plan that is searched, in place of --preset; may be repeated, in order. A "
        + "setting may have several values: radius=2..16 doubles from 2 to 16, radius=2|3|5 and "
        + "mode=rf|nc are those. Steps: \(Plan.kindNames.joined(separator: ", ")); see crf-refine "
        + "--step help.",
      valueName: "kind:key=range,…"))
  var step: [String] = []

  @OptionGroup var plugins: PluginOptions

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A label filter that is kept behind the best plan only where it pays: first for all labels at "
        + "once, then label by label; may be repeated, in order. As in --clean components:minimum=64.",
      valueName: "kind:key=value,…"))
  var clean: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("w₁, as --tune bilateral.weight. (default: 3:6)", valueName: "range"))
  var bilateralWeight: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "σα, in pixels, as --tune bilateral.spatial. (default: 30:10:100)", valueName: "range"))
  var bilateralSpatial: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "σβ, in the image's units, as --tune bilateral.color. (default: 3:6)", valueName: "range"))
  var bilateralColor: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("w₂, as --tune gaussian.weight. (default: 3)", valueName: "range"))
  var gaussianWeight: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "σγ, in pixels, as --tune gaussian.spatial. (default: 3)", valueName: "range"))
  var gaussianSpatial: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Mean field updates: a number, or several (5,10). (default: 10, or what the CRF of --step says)",
      valueName: "list"))
  var iterations: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rounds after the first, each on a grid of half the gaps around the best.", valueName: "n"))
  var refinements = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How near true boundaries --objective trimap looks.", valueName: "pixels"))
  var trimapWidth = 4

  @Flag(
    help:
      "Tune on every second image only, by the order of names, and report on the others.")
  var holdout = false

  @Option(
    help: ArgumentHelp(
      "How the sums of kernels are normalised. (default: as the model says)", valueName: "mode"))
  var normalization: Normalization?

  @Option(
    help: ArgumentHelp(
      "How pairs of pixels are summed: \(FilterKind.registry.names.joined(separator: ", ")). "
        + "(default: as the model says)", valueName: "name"))
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "How mean field is solved: \(SolverKind.registry.names.joined(separator: ", ")). (default: as the "
        + "model says)", valueName: "name"))
  var solver: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to use, and images in memory at a time. (default: OMP_NUM_THREADS, or one for each "
        + "processor that may be used)",
      valueName: "n"))
  var threads: Int?
}

/// What is written and printed.
struct TuneOutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The best parameters, a .json file for crf-refine --preset.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "A figure of the objective over σα and σβ, or the first two settings of kernels that are "
        + "searched, with the best of all else: .png, .svg or .pdf.",
      valueName: "file"))
  var surface: String?

  @Option(
    help: ArgumentHelp(
      "A page with numbers, figures, the worst and the best images and the command: .html, in one "
        + "file.", valueName: "file"))
  var report: String?

  @Option(
    help: ArgumentHelp(
      "Keep finished evaluations in this file; a run that finds it goes on where the other was "
        + "stopped. Behind a search, those of --learn are kept in FILE.learn.", valueName: "file"))
  var state: String?

  @Option(
    help: ArgumentHelp(
      "The colours of label maps and the names of labels: a name, or a file. (default: "
        + "\(Palette.usualName))", valueName: "palette"))
  var palette: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print nothing but errors, and the object of --json where asked for.")
  var quiet = false
}

extension SearchGoal: ExpressibleByArgument {}

extension SearchSpace {
  /// The numbers that the options name, in the model that they name.
  ///
  /// - Parameter isLearned: whether numbers are learned, so that nothing need be searched.
  /// - Throws: `InputError` naming the option that cannot be followed.
  init(_ options: SearchOptions, isLearned: Bool) throws {
    let (given, stepRanges) = try Plan.base(options)
    let isUsual =
      options.preset == nil && options.step.isEmpty && (!isLearned || options.namesRange)
    let short: KeyValuePairs = [
      "gaussian.weight": ("--gaussian-weight", options.gaussianWeight, "3"),
      "gaussian.spatial": ("--gaussian-spatial", options.gaussianSpatial, "3"),
      "bilateral.weight": ("--bilateral-weight", options.bilateralWeight, "3:6"),
      "bilateral.spatial": ("--bilateral-spatial", options.bilateralSpatial, "30:10:100"),
      "bilateral.color": ("--bilateral-color", options.bilateralColor, "3:6"),
    ]
    var choices = try options.tune.map { try Choice($0, saidBy: "--tune") }
    for (name, (option, given, usual)) in short {
      // Of a model that somebody has chosen, nothing is searched unless it is asked for.
      let isNamed = choices.contains { $0.name == name }
      guard let range = given ?? (isUsual && !isNamed ? usual : nil) else { continue }
      choices.append(Choice(name, range: range, place: option))
    }
    guard isLearned || !choices.isEmpty || !stepRanges.isEmpty || !options.clean.isEmpty else {
      throw InputError(
        .usage, at: options.step.isEmpty ? "--tune" : "--step",
        options.step.isEmpty
          ? "is missing: of the model of --preset, nothing is searched"
          : "has no range: nothing is searched",
        remedy: options.step.isEmpty
          ? "as in --tune bilateral.color=3:6" : "as in --step guided:radius=2..16")
    }
    let changes = try CRFChanges(
      normalization: options.normalization, filter: options.filter, solver: options.solver)
    let plan = changes.isEmpty ? given : try given.changingModels(changes.apply)
    let all = choices
    self = try OptionCheck.naming(options.step.isEmpty ? "--preset" : "--step") {
      try SearchSpace(plan, all, stepRanges)
    }
  }
}

extension SearchOptions {
  /// Whether a number of DeepLab's kernels is to be searched.
  fileprivate var namesRange: Bool {
    let short = [
      bilateralWeight, bilateralSpatial, bilateralColor, gaussianWeight, gaussianSpatial,
    ]
    return !tune.isEmpty || short.contains { $0 != nil }
  }
}

extension Plan {
  /// The plan that is searched, and the ranges of its steps.
  fileprivate static func base(_ options: SearchOptions) throws -> (Plan, [StepRange]) {
    guard !options.step.isEmpty else {
      let plan = try OptionCheck.naming("--preset") {
        try Plan(named: options.preset ?? CRFModel.defaultPreset, context: .files)
          .resolved(.files)
      }
      return (plan, [])
    }
    try OptionCheck.refuse(
      ["--preset": options.preset != nil], because: "is given, and so is --step",
      remedy: "write the CRF as a step: --step crf:model=\(options.preset ?? "")")
    let (plan, ranges) = try StepRange.plan(options.step, saidBy: "--step")
    return (try OptionCheck.naming("--step") { try plan.resolved(.files) }, ranges)
  }
}
