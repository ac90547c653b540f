import ArgumentParser
import Figures
import Formats
import Laboratory
import Lattice
import LatticeSupport
import MeanField
import ToolSupport
import Tuning
import Unaries

/// `crf-lab compare`: models and filters over images with true labels.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare models and filters by time, error and quality, over a data set.",
    discussion: """
      Solves every image with every model and filter, one after the other on all threads, and a part \
      from its middle with the exact filter as well. Prints for each the mean time to build the filters \
      and for an update, memory, the mean error of weighted means and of marginals against all pairs, \
      labels that are equal, the mean IOU, and that near true boundaries. A star marks filters that no \
      other beats in both time and error for the same model.
      """)

  @Argument(
    help: ArgumentHelp(
      "A folder with the folders images, labels and scores, in place of --image, --ground-truth and "
        + "--unary.", valueName: "data"))
  var data: String?

  @OptionGroup(title: "Input") var input: UnaryOptions
  @OptionGroup(title: "Input") var truth: TruthOptions

  @Option(
    help: ArgumentHelp(
      "A model: a preset by name, or a file of parameters. May be repeated. (default: "
        + "\(CRFModel.defaultPreset) where there is no --kernel)", valueName: "preset"))
  var preset: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A kernel of one more model, as crf-refine has it; its kernels are all that are named.",
      valueName: "kind:weight=w,…"))
  var kernel: [String] = []

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A filter; may be repeated. (default: every one that is registered, but exact)",
      valueName: "kind:key=value,…"))
  var filter: [String] = []

  @OptionGroup var plugins: PluginOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean field updates. (default: as each model says)", valueName: "n"))
  var iterations: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Runs over each image; times are medians.", valueName: "n"))
  var runs = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Pixels of the part that is solved exactly, about; 0 for none.", valueName: "n"))
  var exactPixels = 12_000

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("How near true boundaries labels are looked at.", valueName: "pixels"))
  var trimapWidth = 4

  @Option(
    help: ArgumentHelp(
      "Keep finished measurements in this file; a run that finds it goes on where the other was "
        + "stopped.", valueName: "file"))
  var state: String?

  @Option(help: ArgumentHelp("The table, .csv.", valueName: "file")) var table: String?

  @Option(
    help: ArgumentHelp(
      "A figure of error against time, with the front of those that are not beaten: .png, .svg or "
        + ".pdf.",
      valueName: "file"))
  var picture: String?

  @Option(
    help: ArgumentHelp(
      "A page with the tables, figures and the command: .html, in one file.", valueName: "file"))
  var report: String?

  @Option(help: ArgumentHelp("The colours of label maps. (default: voc)", valueName: "palette"))
  var palette: String?

  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print one JSON object.") var json = false
  @Flag(help: "Print nothing but errors, and the object of --json where asked for.")
  var quiet = false

  mutating func run() throws {
    try useData()
    let folders = try ScoreFolders(input, truth, for: "a comparison")
    let palette = try Palette(option: self.palette)
    let readings = try truth.readings(palette, isChosen: self.palette != nil)
    let reading = try ScoreReading(input, labels: readings.labels)
    let models = try self.models()
    let images = try folders.entries(areLabels: reading.kind == .labels).map {
      TuningImage(
        name: $0.stem, $0.files, truth: $0.truth, reading: reading, truthReading: readings.truth)
    }
    let comparison = Comparison(
      images, models, try filters(), options: try options(), context: .files,
      parallelism: try threads.parallelism())
    try checkOutputs(inputs: folders.all)
    let line = StatusLine()
    let outcome = try OptionCheck.naming("--unary") {
      try comparison.run(state: state.map { SearchState($0, conditions: conditions(reading)) }) {
        done, total, next in
        if !quiet { line.show("\(done + 1) of \(total): \(next)") }
      }
    }
    if !quiet { line.clear() }
    let report = CompareReport(outcome)
    // A comparison may have taken hours: it is printed even where a file cannot be written.
    let written = Result { try write(report) }
    if json {
      try StandardOutput.print(json: outcome.rows.map { CompareJSON($0) })
    } else if !quiet {
      try StandardOutput.print(report.text)
    }
    try written.get()
  }

  /// The folders of a data set, where options name no others.
  private mutating func useData() throws {
    guard let data else { return }
    try OptionCheck.refuse(
      [
        "--unary": input.unary != nil, "--image": input.image != nil,
        "--ground-truth": truth.groundTruth != nil,
      ], because: "is given, and so is a folder that holds scores, images and labels",
      remedy: "leave one of them out")
    input.unaries = [data + "/scores"]
    input.images = [data + "/images"]
    truth.groundTruth = data + "/labels"
  }

  private func models() throws -> [Comparison.Model] {
    let presets = preset.isEmpty && kernel.isEmpty ? [CRFModel.defaultPreset] : preset
    var models = try presets.map { name in
      Comparison.Model(
        FolderListing.split(name).stem,
        try OptionCheck.naming("--preset") { try CRFModel(named: name, context: .files) })
    }
    if !kernel.isEmpty {
      let terms = try kernel.map { text in
        try OptionCheck.naming("--kernel") { try CRFModel.Term(text) }
      }
      models.append(
        Comparison.Model(
          terms.map(\.description).joined(separator: " "), CRFModel(terms: terms)))
    }
    if let iterations {
      guard (0...1_000_000).contains(iterations) else {
        throw InputError(
          .usage, at: "--iterations", "is \(iterations), but must be 0…1000000",
          remedy: "10 are usual")
      }
      models = models.map { model in
        var changed = model.model
        changed.iterations = iterations
        return Comparison.Model(model.name, changed)
      }
    }
    if let twice = Dictionary(grouping: models, by: \.name).first(where: { $1.count > 1 }) {
      throw InputError(
        .usage, at: "--preset", "names two models that are called '\(twice.key)'",
        remedy: "leave one of them out, or give its file another name")
    }
    return models
  }

  private func filters() throws -> [Description<FilterKind>] {
    let names = FilterKind.registry.names.filter { $0 != FilterKind.exact.name }
    let found = try (filter.isEmpty ? names : filter).map { text in
      try OptionCheck.naming("--filter") {
        try Description(JSONValue(description: text), in: FilterKind.registry)
      }
    }
    var seen: Set<Description<FilterKind>> = []
    return found.filter { seen.insert($0).inserted }
  }

  private func options() throws -> Comparison.Options {
    for (option, value, range) in [
      ("--runs", runs, 1...1000), ("--exact-pixels", exactPixels, 0...1_000_000),
      ("--trimap-width", trimapWidth, 1...1 << 20),
    ] where !range.contains(value) {
      throw InputError(
        .usage, at: option,
        "is \(value), but must be \(range.lowerBound)…\(range.upperBound)",
        remedy: "leave it out")
    }
    var options = Comparison.Options()
    (options.runs, options.exactPixels) = (runs, exactPixels)
    (options.trimapWidth, options.void) = (trimapWidth, try truth.voidLabel())
    return options
  }

  /// How files are read.
  private func conditions(_ reading: ScoreReading) -> [String: String] {
    [
      "--unary-kind": reading.kind.rawValue, "--scores-layout": "\(reading.order ?? .labelsFirst)",
      "--image-layout": "\(reading.imageLayout)", "--align-corners": "\(reading.alignCorners)",
    ]
  }

  private func checkOutputs(inputs: [String]) throws {
    for (option, path, endings) in [
      ("--table", table, ["csv"]), ("--picture", picture, DrawingFormat.endings),
      ("--report", report, ["html"]),
    ] {
      guard let path, !StandardOutput.isNamed(by: path),
        !endings.contains(FolderListing.split(path).ending)
      else { continue }
      throw InputError(
        .usage, at: option,
        "is '\(path)', but its file is a " + endings.map { ".\($0)" }.joined(separator: " or a "),
        remedy: "name it as what it is")
    }
    for path in [picture, report].compactMap({ $0 }) { try Drawing.checkAvailable(for: path) }
    guard exactPixels > 0 || picture == nil else {
      throw InputError(
        .usage, at: "--picture", "shows errors, but --exact-pixels 0 measures none",
        remedy: "leave one of them out")
    }
    try OutputCheck.check([table, picture, report, state].compactMap { $0 }, inputs: inputs)
  }

  private func write(_ report: CompareReport) throws {
    if let table {
      try Interruption.whileWriting {
        try AtomicOutput.write(to: table) { try $0.write(report.csv) }
      }
    }
    if let path = picture, !report.charts.isEmpty {
      try Interruption.whileWriting { try Drawing(of: report.charts).write(to: path) }
    }
    if let path = self.report {
      let page = try report.page(threads: threads.parallelism().threads)
      try Interruption.whileWriting { try page.write(to: path) }
    }
  }
}
