import ArgumentParser
import DeepLabNet
import Evaluation
import Foundation
import LatticeSupport
import ToolSupport
import Training
import Unaries

/// `deeplab train`: a network learns from labelled photographs.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a network on labelled photographs.",
    discussion: """
      A recipe or a configuration file (--recipe) says how; options and --set change single values of it. \
      The output folder gets state.safetensors (weights, and all that --resume needs), weights.safetensors \
      at the end, log.jsonl and loss.png. With --set validationSplit=val, the mean IOU on that split is \
      measured too, at the end and every validateEvery steps. An interrupt writes the state first. \
      docs/train.md tells more.
      """)

  @Option(
    help: ArgumentHelp(
      "A named recipe, or a configuration file in JSON; --list-recipes lists names.",
      valueName: "name"))
  var recipe: String?

  @Option(help: ArgumentHelp("The network; 'deeplab models' lists them.", valueName: "name"))
  var model: String?

  @Option(help: ArgumentHelp("The data set's folder.", valueName: "folder")) var data: String?

  @Option(help: ArgumentHelp("Which photographs of it.", valueName: "split")) var split: String?

  @Option(help: ArgumentHelp("A folder of label maps, matched by name.", valueName: "folder"))
  var labelFolder: String?

  @OptionGroup var numbers: LabelMapOptions

  @Option(
    help: ArgumentHelp(
      "The names of the classes: \(ClassNames.knownNames), or a file with one name per line. (default: "
        + "those of the data set)", valueName: "list"))
  var classNames: String?

  @OptionGroup var orientation: OrientationOptions

  @Option(
    help: ArgumentHelp(
      "A checkpoint to begin with; layers of other shapes begin at random.", valueName: "file"))
  var weights: String?

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(
    help: ArgumentHelp(
      "Change a value of the configuration, such as schedule.base=0.001; repeats.",
      valueName: "key=value"))
  var set: [String] = []

  @Option(help: ArgumentHelp("Where results go.", valueName: "folder")) var output: String?

  @Flag(help: "Go on with the training whose state is in --output.") var resume = false

  @Option(
    help: ArgumentHelp(
      "Train together with the other processes that mpirun has started, by this library, which "
        + "Scripts/mpi makes; docs/train.md tells how.", valueName: "library"))
  var mpi: String?

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Print the configuration as JSON, and train nothing.") var print = false
  @Flag(help: "List the recipes.") var listRecipes = false
  @Flag(help: "Print nothing but errors.") var quiet = false

  func run() throws {
    if listRecipes {
      let rows = Recipe.all.map { [$0.name, $0.summary] }
      return try StandardOutput.print(
        TextColumns([.left, .left], rows: rows).lines.joined(separator: "\n"))
    }
    if print { return try StandardOutput.print(json: ExperimentText.text(of: experiment())) }
    guard let output else {
      throw InputError(
        .usage, at: "--output", "is missing: there is nowhere to put the weights",
        remedy: "name a folder with --output FOLDER")
    }
    let parallelism = try threads.parallelism()
    let folder = TrainingFolder(output)
    let group = try joined()
    let isWriter = (group?.rank ?? 0) == 0
    let progress = TrainingProgress(of: folder, isQuiet: quiet || !isWriter)
    if resume {
      try checkNothingChanges()
      let saved = try folder.read()
      let run = try TrainingRun(
        resumed(saved.header.experiment), folder: folder, resuming: saved,
        group: group, parallelism: parallelism, observer: progress)
      progress.begins(run)
      try run.run()
      return group?.end() ?? ()
    }
    let experiment = try experiment()
    try experiment.check()
    if isWriter { try folder.checkIsFree() }
    let run = try TrainingRun(
      experiment, folder: folder, group: group, parallelism: parallelism, observer: progress)
    if isWriter { try folder.begin() }
    progress.begins(run)
    try run.run()
    group?.end()
  }

  /// The processes to train together with; `nil` where there are none.
  ///
  /// - Throws: `InputError` where there are some that nobody asked for: each would write the same
  ///   files.
  private func joined() throws -> MPIGroup? {
    if let mpi { return try MPIGroup(library: mpi) }
    let started = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].compactMap {
      ProcessInfo.processInfo.environment[$0].flatMap { Int($0) }
    }
    guard let count = started.max(), count > 1 else { return nil }
    throw InputError(
      .usage, at: "--mpi", "is missing: \(count) processes were started, each to train alone",
      remedy: "make the library with Scripts/mpi and name it with --mpi, or start one process")
  }

  /// Keys that change how results are computed, but not the results.
  private static let resumableKeys: Set = ["recomputesActivations"]

  /// Refuses to go on in another way than a training was begun.
  private func checkNothingChanges() throws {
    let keys = try set.map { try ExperimentText.key(of: $0, at: "--set") }
    try OptionCheck.refuse(
      [
        "--recipe": recipe != nil, "--model": model != nil, "--data": data != nil,
        "--split": split != nil, "--label-folder": labelFolder != nil,
        "--label-map": numbers.labelMap != nil, "--class-names": classNames != nil,
        "--weights": weights != nil, "--state": checkpoint.state != nil,
        "--prefix": checkpoint.prefix != nil, "--orientation": orientation.orientation != nil,
        "--set": !Self.resumableKeys.isSuperset(of: keys),
      ], because: "cannot be changed by --resume, which goes on with what was begun",
      remedy: "leave it out, or begin anew in another folder")
  }

  /// The experiment that was begun, with the settings that change none of its results.
  private func resumed(_ begun: Experiment) throws -> Experiment {
    var text = try ExperimentText(begun)
    for setting in set { try text.apply(setting: setting, at: "--set") }
    return try text.experiment()
  }

  /// Defaults, recipe or file, options, `--set`, in this order.
  private func experiment() throws -> Experiment {
    var text = try ExperimentText()
    if let recipe {
      if let named = Recipe.all.first(where: { $0.name == recipe }) {
        try text.apply(text: named.text, at: named.name)
      } else {
        try text.apply(file: recipe)
      }
    }
    let options = [
      ("model", model), ("data", data), ("split", split), ("labelFolder", labelFolder),
      ("labelMap", numbers.labelMap), ("classNames", classNames), ("weights", weights),
      ("weightsState", checkpoint.state), ("weightsPrefix", checkpoint.prefix),
      ("orientation", orientation.orientation?.rawValue),
    ]
    try text.apply(
      .object(options.compactMap { key, word in word.map { .init(key, .text($0)) } }),
      at: "the options")
    for setting in set { try text.apply(setting: setting, at: "--set") }
    return try text.experiment()
  }
}
