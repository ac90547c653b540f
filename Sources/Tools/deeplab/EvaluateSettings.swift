import DeepLabNet
import Evaluation
import Figures
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Training
import Unaries

/// The options of an evaluation, checked and turned into the library's values.
struct EvaluateSettings {
  /// The widest band of figure 10 of arXiv:1606.00915.
  static let usualTrimapWidth = 40
  private static let usualSplit = "val"
  private static let widestTrimap = 1000

  /// Where labels come from.
  enum Source {
    case network(NetworkSettings)
    /// Folders, with a file for each photograph.
    case scores(String)
    case predictions(String)
  }

  let source: Source
  let dataset: Dataset
  let dataPath: String
  /// The share of the photographs that is compared; `nil` for all.
  let shard: Shard?
  /// How files of scores are read.
  let scores: ScoreReading
  /// How files of predictions are read.
  let predicted: LabelReading
  /// `nil` where labels are compared as they come only.
  let plan: PlanSettings?
  let trimapWidth: Int
  let boundary: BoundaryChoice
  let parallelism: Parallelism
  let picture: PictureReading
  let isQuiet: Bool
  /// The colours of classes, with the data set's names.
  private let colors: Palette

  /// - Throws: `InputError` naming the option or the file that cannot be followed.
  init(
    network: NetworkOptions, dataset: DatasetOptions, options: EvaluateOptions,
    run: DataRunOptions
  ) throws {
    source = try Self.source(network, options)
    let parallelism = try run.threads.parallelism()
    self.parallelism = parallelism
    plan = try PlanSettings(crf: options.crf, options.steps, parallelism: parallelism)
    guard (0...Self.widestTrimap).contains(options.trimapWidth) else {
      throw InputError(
        .usage, at: "--trimap-width",
        "is \(options.trimapWidth), but must be 0…\(Self.widestTrimap)", remedy: "40 is usual")
    }
    trimapWidth = options.trimapWidth
    boundary = options.trimapBoundary
    isQuiet = run.quiet
    dataPath = options.data
    picture = try PictureReading(options.orientation, options.imageRange)
    scores = try Self.scores(options, picture)
    let palette = try run.palette.map { try Palette(option: $0) }
    let shown = try palette ?? Palette(option: nil)
    predicted = LabelReading(palette: palette, mapping: try dataset.mapping())
    var read = try dataset.dataset(
      at: options.data, split: Self.split(options, dataset), palette: palette,
      mapping: LabelMapping(
        truthMap: options.truthMap, labelMap: dataset.labelMap, void: Dataset.void))
    read.orientation = picture.orientation
    shard = try options.shard.value()
    if let shard { read = try OptionCheck.naming("--shard") { try read.share(shard) } }
    self.dataset = read
    try self.dataset.checkPresence()
    colors = Palette(
      colors: shown.colors,
      names: (read.classNames ?? shown.names).prefix(shown.colors.count).map { $0 },
      voidColor: shown.voidColor)
    if let page = options.report {
      try ReportPage.check(page)
      try OutputCheck.checkCreation(of: page)
    }
    if let folder = options.output {
      try FolderListing.create(folder)
      try OutputCheck.checkCreation(of: folder + "/" + EvaluateReport.jsonName)
    }
  }

  private static func scores(
    _ options: EvaluateOptions, _ picture: PictureReading
  ) throws -> ScoreReading {
    if options.scores == nil {
      try OptionCheck.refuse(
        [
          "--unary-kind": options.unaryKind != nil, "--binary": options.channels.binary,
          "--normalize-scores": options.channels.normalizeScores,
          "--member": options.member != nil,
        ],
        because: "says how scores are read, but there are none",
        remedy: "add --scores FOLDER, or leave it out")
    }
    return try ScoreReading(
      meaning: options.unaryKind, channels: options.channels, member: options.member,
      picture: picture)
  }

  private static func source(
    _ network: NetworkOptions, _ options: EvaluateOptions
  ) throws -> Source {
    let given = [
      "--model": network.model != nil || network.weights != nil, "--scores": options.scores != nil,
      "--predictions": options.predictions != nil,
    ].filter(\.value).keys.sorted()
    guard given.count <= 1 else {
      throw InputError(
        .usage, at: given[1],
        "is given, and so is \(given[0]): labels can come from one of them only",
        remedy: "give one of --model, --scores and --predictions")
    }
    // Where nothing is named, it is the model that comes with the program.
    if var settings = given.isEmpty
      ? try NetworkSettings(network) : try NetworkSettings.named(in: network)
    {
      try options.tiling.apply(to: &settings)
      if case .file(let path)? = settings.proposals?.source {
        throw InputError(
          .usage, at: "--proposals", "is '\(path)', which holds the boxes of one image",
          remedy: "give a folder with a file for each photograph, edges or grid")
      }
      return .network(settings)
    }
    try OptionCheck.refuse(
      ["--tile": options.tiling.tile != nil, "--overlap": options.tiling.overlap != nil],
      because: "says how a network is used, but none is named", remedy: "leave it out")
    if let folder = options.scores { return .scores(folder) }
    try OptionCheck.refuse(
      ["--crf": options.crf != nil, "--step": !options.steps.step.isEmpty],
      because: "refines scores, but --predictions gives labels",
      remedy: "give --scores, or refine labels by 'crf-refine --unary-kind labels' first")
    return .predictions(options.predictions ?? "")
  }

  /// The split that is named, or the usual one where there are several.
  private static func split(
    _ options: EvaluateOptions, _ dataset: DatasetOptions
  ) throws -> String? {
    if let split = options.split { return split }
    let layout =
      try dataset.namedLayout() ?? DatasetLayouts.detect(in: options.data, split: usualSplit)
    let splits = try layout.splits(in: options.data)
    return splits.contains(usualSplit) ? usualSplit : nil
  }

  /// Loads what gives labels, and makes sure that its classes are those of the data set.
  ///
  /// - Returns: what a report says of the network too, where there is one.
  func evaluation() throws -> (DatasetEvaluation, NetworkReport?) {
    var report: NetworkReport?
    let source: LabelSource
    switch self.source {
    case .network(let settings):
      let network = try settings.load(parallelism: parallelism)
      report = NetworkReport(network)
      let isQuiet = isQuiet
      source = LabelSource(network.scorer, of: dataset, parallelism: parallelism) {
        try network.scorer.scores(of: $0, isQuiet: isQuiet)
      }
    case .scores(let folder):
      source = try LabelSource(
        scores: folder, of: dataset, reading: scores, parallelism: parallelism)
    case .predictions(let folder):
      guard let names = dataset.classNames else {
        throw InputError(
          .usage, at: "--class-names",
          "is missing: labels alone do not say how many classes there are",
          remedy: "give a list, or write classes.txt into the data set's folder")
      }
      source = try LabelSource(
        labels: folder, of: dataset, labelCount: names.count, reading: predicted)
    }
    if let names = dataset.classNames, names.count != source.labelCount {
      throw InputError(
        .data, at: dataPath,
        "has \(names.count) classes (\(Self.summary(names))), but there are scores of "
          + "\(source.labelCount)",
        remedy: "name the classes that were learnt with --class-names LIST, or bring other weights")
    }
    var evaluation = DatasetEvaluation(dataset, labelledBy: source)
    evaluation.picture = picture
    evaluation.trimapWidth = trimapWidth
    evaluation.boundary = boundary.boundary
    if let plan {
      evaluation.refine = { energies, image, times in
        plan.colorRange.check(image.image, image.notes)
        return try plan.labels(
          refining: energies, on: Scene(image.image), at: image.notes.path, stopwatch: &times)
      }
    }
    return (evaluation, report)
  }

  /// The pictures of a photograph and its labels in small.
  func comparison(
    _ index: Int, _ sample: DatasetEvaluation.Sample, _ before: LabelMap, _ after: LabelMap?,
    labelCount: Int
  ) throws -> ImageComparison {
    try ImageComparison(
      name: dataset.name(index), over: sample.image.notes.drawn(sample.image.image),
      before: before, after: after, truth: sample.labels, void: Dataset.void,
      labelCount: labelCount, palette: colors, most: ComparedImages.smallSide)
  }

  /// The worst and the best photographs, on a page.
  func add(_ images: ComparedImages, to page: inout ReportPage) throws {
    try images.add(to: &page, colors)
  }

  /// Evaluates, and shows how far that has come.
  func run(_ evaluation: DatasetEvaluation) throws -> DatasetEvaluation.Outcome {
    var progress = Progress(total: dataset.count, isQuiet: isQuiet)
    defer { progress.clear() }
    return try evaluation.run { index, counts in
      progress.finish(dataset.name(index), summary(counts))
    }
  }

  private func summary(_ counts: EvaluationCounts) -> String {
    func percent(_ matrix: ConfusionMatrix) -> String {
      EvaluationTable.percent(matrix.meanIOU ?? 0) + " %"
    }
    return "mean IOU so far " + percent(counts.before)
      + (counts.after.map { ", refined " + percent($0) } ?? "")
  }

  private static func summary(_ names: [String]) -> String {
    names.count <= 3
      ? names.joined(separator: ", ") : names.prefix(2).joined(separator: ", ") + ", …"
  }
}
