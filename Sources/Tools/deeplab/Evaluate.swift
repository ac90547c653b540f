import ArgumentParser
import Evaluation
import Figures
import LatticeSupport
import ToolSupport

/// `deeplab evaluate`: how right labels are.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare labels with the truth of a data set.",
    discussion: """
      Labels come from a network (--model, --weights, or the small model that comes with the program), \
      from scores in files (--scores) or from label maps (--predictions). One confusion matrix is kept over all photographs, which are read one after the \
      other. --json prints one object: figures, confusion matrices, parameters. docs/evaluate.md says \
      what the figures are.
      """)

  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Data set") var dataset: DatasetOptions
  @OptionGroup(title: "Evaluation") var options: EvaluateOptions
  @OptionGroup(title: "Run") var runOptions: DataRunOptions

  func run() throws {
    if let help = try options.steps.help() { return try StandardOutput.print(help) }
    RemedyWording.ofProgram = .commandLine([.scoreKind(.labels): "--predictions"])
    let settings = try EvaluateSettings(
      network: network, dataset: dataset, options: options, run: runOptions)
    var (evaluation, network) = try settings.evaluation()
    var images = ComparedImages()
    if options.report != nil {
      let labelCount = evaluation.source.labelCount
      evaluation.visit = { index, sample, before, after in
        images.add(
          try settings.comparison(index, sample, before, after, labelCount: labelCount))
      }
    }
    let outcome = try settings.run(evaluation)
    if settings.shard == nil {
      outcome.counts.oddity?.report(
        at: settings.dataPath, naming: settings.dataset.classNames ?? [])
    }
    let report = try EvaluateReport(settings, network, outcome)
    // The labels may have taken hours: the report is printed even where a file cannot be written.
    let written = Result {
      if let folder = options.output { try report.write(to: folder) }
      if let path = options.report { try report.write(page: path, images) }
    }
    if runOptions.json {
      try StandardOutput.print(json: report.json)
    } else if !runOptions.quiet {
      try StandardOutput.print(report.text)
    }
    try written.get()
  }
}

/// What is compared, and how.
struct EvaluateOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The data set's folder; docs/datasets.md shows layouts.", valueName: "folder"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "Which photographs of it: a split, or a file with a photograph and its labels in each line. "
        + "(default: val where there are several)",
      valueName: "split"))
  var split: String?

  @Option(
    help: ArgumentHelp(
      "Scores instead of a network: a folder of (classes,H,W) arrays, NAME.npy or NAME.npz for each "
        + "photograph.",
      valueName: "folder"))
  var scores: String?

  @Option(
    help: ArgumentHelp(
      "With --scores: what they mean, logits, probabilities or energies. (default: logits)",
      valueName: "kind"))
  var unaryKind: ScoreMeaning?

  @OptionGroup var channels: ChannelOptions

  @Option(
    help: ArgumentHelp("With --scores: which array of .npz archives.", valueName: "name"))
  var member: String?

  @Option(
    help: ArgumentHelp(
      "Labels instead of a network: a folder of label maps, NAME.png or NAME.npy for each photograph.",
      valueName: "folder"))
  var predictions: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "What the numbers of the truth stand for, or none, where --label-map is to hold for "
        + "--predictions alone. (default: that of --label-map)", valueName: "map"))
  var truthMap: String?

  @OptionGroup var orientation: OrientationOptions
  @OptionGroup var imageRange: ImageRangeOptions
  @OptionGroup var tiling: TilingOptions

  @Option(
    name: [.customLong("crf"), .customLong("plan")],
    help: ArgumentHelp(
      "Compare before and after a CRF with published parameters, which 'crf-refine --list-presets' "
        + "lists, or the model or plan of a file, as crf-tune writes it.", valueName: "preset"))
  var crf: String?

  @OptionGroup var steps: StepOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Figures near true boundaries, up to this distance; 0 for none.", valueName: "pixels"))
  var trimapWidth = EvaluateSettings.usualTrimapWidth

  @Option(
    help: ArgumentHelp(
      "What a boundary is: where labels change, or the void label, as PASCAL VOC draws it.",
      valueName: "kind"))
  var trimapBoundary = BoundaryChoice.changes

  @Option(
    help: ArgumentHelp(
      "Write evaluation.json and figures of the confusion matrices, of the classes and of what is "
        + "near boundaries here.", valueName: "folder"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "A page with numbers, figures, the worst and the best photographs and the command: .html, in "
        + "one file.", valueName: "file"))
  var report: String?

  @OptionGroup var shard: ShardOptions
}

/// How an evaluation goes.
struct DataRunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The classes that colours stand for, where label maps are coloured.", valueName: "palette"))
  var palette: String?

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Print JSON instead of text.") var json = false
  @Flag(help: "Print nothing but errors, and the JSON where asked for.") var quiet = false
}

/// `--trimap-boundary`.
enum BoundaryChoice: String, ExpressibleByArgument, CaseIterable {
  case changes, void

  var boundary: Trimap.Boundary { self == .changes ? .labelChanges : .voidLabel }
}
