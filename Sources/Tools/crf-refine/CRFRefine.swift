import ArgumentParser
import LatticeSupport
import ToolSupport
import Unaries

/// `crf-refine`: better labels from the scores of any segmenter.
@main
struct CRFRefine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crf-refine",
    abstract: "Refine the labels of a segmenter with a dense CRF.",
    discussion: """
      Reads the scores of any segmenter and the image that they belong to, and writes labels that \
      follow the image's edges. With folders for --unary, --image and the outputs, every file of \
      scores is refined with the image of the same stem. With --model and --weights, a network \
      scores the image, and --unary is left out; so is it with --scorer, a unary of a --plugin.

      Exit status: 0 all is well; 64 usage; 65 data; 66 no input; 73 cannot create; 74 input or \
      output failed. For folders, that of the first pair that failed.
      """,
    version: "crf-refine \(Version.current)",
    subcommands: [MergeReports.self])

  @OptionGroup(title: "Input") var input: InputOptions
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Plan") var plan: PlanOptions
  @OptionGroup(title: "Exact filter") var exact: ExactOptions
  @OptionGroup(title: "Tiles") var tiles: TileOptions
  @OptionGroup(title: "Sequences") var sequence: SequenceOptions
  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Figures") var figures: FigureOptions

  static func main() { runAsTool() }

  mutating func run() throws {
    if plan.listPresets {
      try StandardOutput.print(PresetList.text)
      return
    }
    if let help = try plan.steps.help() {
      try StandardOutput.print(help)
      return
    }
    let settings = try Settings(
      input: input, network: network, plan: plan, exact: exact, tiles: tiles,
      sequence: sequence, output: output, figures: figures)
    if settings.isFolder {
      var run = FolderRefinement(settings)
      try run.run()
    } else {
      let outcome = try Refiner(settings.files, settings).refine()
      settings.reportOddity(of: outcome.evaluation, isWhole: false)
      if let path = settings.figures.report {
        var images = ComparedImages()
        if let comparison = outcome.comparison { images.add(comparison) }
        try RefinePage(
          settings: settings, outcomes: [outcome], evaluation: outcome.evaluation, images: images,
          failures: []
        ).write(to: path)
      }
      if settings.printsJSON {
        try JSONReport(settings).print(outcome)
      } else if !settings.isQuiet {
        try settings.files.plan.print(HumanReport(settings).text(of: outcome))
      }
    }
  }
}

/// What is read, and how it is to be understood.
struct InputOptions: ParsableArguments {
  @OptionGroup var scores: UnaryOptions

  @Option(
    help: ArgumentHelp(
      "What scores the image in place of --unary and a network: a unary of a --plugin, with its "
        + "settings. \(InputOptions.scorers)", valueName: "kind:key=value,…"))
  var scorer: String?

  private static var scorers: String {
    let kinds = UnaryKind.registry.all
    return kinds.isEmpty
      ? "" : kinds.map { "\($0.example) (\($0.summary))" }.joined(separator: "; ") + "."
  }

  @OptionGroup var truth: TruthOptions

  @Option(
    help: ArgumentHelp(
      "Also report the mean IOU within these distances of true boundaries: 1,2,4,8.",
      valueName: "widths"))
  var trimap: String?
}

/// What is written and printed.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The refined labels: .png (palette indices; 16-bit gray above label 255), .tif, .nii.gz or "
        + ".npy; .tif and .nii.gz lie where the image does.",
      valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The probabilities after the last update, (L,H,W) float32: .npy, .tif or .nii.gz.",
      valueName: "file"))
  var marginals: String?

  @Option(
    help: ArgumentHelp("A picture of the refined labels over the image, .png.", valueName: "file"))
  var overlay: String?

  @Option(
    help: ArgumentHelp(
      "The same of the labels before refinement, .png.", valueName: "file"))
  var overlayBefore: String?

  @OptionGroup var run: RunOptions

  @Flag(
    help:
      "Print one JSON object: parameters, times, free energies (each costs a filtering), IOUs.")
  var json = false
}
