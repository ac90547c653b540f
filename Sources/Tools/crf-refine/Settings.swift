import DeepLabNet
import Evaluation
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// The options of a run, checked and turned into the library's values.
struct Settings {
  /// The files or folders that are named.
  var files: Job
  var isFolder: Bool
  /// How files of scores are read.
  var unary: ScoreReading
  /// What scores the images; `nil` where files do.
  var network: LoadedNetwork?
  /// What else scores them.
  var scorer: Scorer?
  /// What is done to the scores.
  var plan: PlanSettings
  /// Whether label maps are filtered as they are, without being made scores.
  let cleansLabels: Bool
  /// How frames are refined together; `nil` where each file is by itself.
  let sequence: SequenceChoice?
  /// `nil` where images are refined whole.
  var tiling: Pipeline.Tiling?
  var palette: Palette
  /// Whether somebody has chosen the palette.
  private let isPaletteChosen: Bool
  /// How the ground truth is read.
  var truth: LabelReading
  var void: UInt16
  var trimapWidths: [Int]
  var resumes: Bool
  /// The share of a folder's files that is refined; `nil` for all.
  let shard: Shard?
  var printsJSON: Bool
  var isQuiet: Bool
  /// Whether energies are reported to people too.
  let notesEnergies: Bool
  /// What is drawn of the run.
  let figures: FigureSettings

  /// The threads to use.
  var parallelism: Parallelism { plan.parallelism }

  /// - Throws: `InputError` naming the option that cannot be followed, or weights that cannot be
  ///   read.
  init(
    input: InputOptions, network networkOptions: NetworkOptions, plan planOptions: PlanOptions,
    exact options: ExactOptions, tiles: TileOptions, sequence sequenceOptions: SequenceOptions,
    output: OutputOptions, figures figureOptions: FigureOptions
  ) throws {
    scorer = try input.scorer.map { try Scorer($0) }
    let networkSettings =
      scorer == nil && input.scores.unary == nil && input.scores.image != nil
      ? try NetworkSettings(networkOptions) : try NetworkSettings.named(in: networkOptions)
    files = try Job(
      input: input, network: networkSettings, hasScorer: scorer != nil, output: output)
    isFolder = FolderListing.isFolder(files.subject)
    palette = try Palette(option: output.run.palette)
    isPaletteChosen = output.run.palette != nil
    let readings = try input.truth.readings(palette, isChosen: output.run.palette != nil)
    truth = readings.truth
    plan = try PlanSettings(planOptions, exact: options)
    sequence = try SequenceChoice(sequenceOptions, isFolder: isFolder, isTiled: tiles.tile != nil)
    if let sequence { try sequence.change(&plan) }
    let steps = try plan.prepared(forFilesOf: isFolder ? files.subject : nil)
    cleansLabels =
      steps.takesLabelsAlone && input.scores.hasLabelsAlone && files.groundTruth == nil
      && files.marginals == nil && tiles.tile == nil && sequence == nil
    unary = try ScoreReading(
      input.scores, labels: readings.labels, makesEnergies: !cleansLabels)
    if networkSettings != nil || scorer != nil {
      try Self.checkNetworkSuffices(
        input.scores, tiles, scores: scorer == nil ? "a network's" : "a plug-in's")
    }
    if input.scores.image == nil { try Self.checkImageIsNotNeeded(steps) }
    void = try input.truth.voidLabel()
    trimapWidths = try Self.widths(input.trimap)
    if files.groundTruth == nil {
      try OptionCheck.refuse(
        ["--trimap": !trimapWidths.isEmpty],
        because: "measures against true labels, but none are given", remedy: "add --ground-truth")
      try OptionCheck.refuse(
        [
          "--truth-map": input.truth.truthMap != nil,
          "--label-map": input.truth.labelMap != nil && unary.kind != .labels,
        ],
        because: "says what the numbers of label maps stand for, but none are read",
        remedy: "add --ground-truth or --unary-kind labels, or leave it out")
    }
    tiling = try Pipeline.Tiling(tiles, for: steps)
    resumes = output.run.resume
    shard = try output.run.shard.value(isFolder: isFolder)
    printsJSON = output.json
    notesEnergies = planOptions.energies
    isQuiet = output.run.quiet
    figures = try FigureSettings(
      figureOptions, isTiled: tiling != nil, isFolder: isFolder, plan: plan)
    files.figures = figures.files
    if tiling != nil { try checkTiling() }
    try files.check(resumes: resumes, printsJSON: printsJSON)
    // Last, for they are large.
    network = try networkSettings?.load(parallelism: plan.parallelism)
  }

  /// The colours of labels: as chosen, else as the label map has them that is refined.
  func palette(of scores: ScoreSummary) -> Palette {
    isPaletteChosen ? palette : scores.palette ?? palette
  }

  /// - Throws: `InputError` where an option is for scores in files.
  private static func checkNetworkSuffices(
    _ input: UnaryOptions, _ tiles: TileOptions, scores: String
  ) throws {
    try OptionCheck.refuse(
      [
        "--unary-kind": input.unaryKind.map { $0 != .logits } ?? false,
        "--binary": input.channels.binary, "--scores-layout": input.layout != nil,
        "--image-layout": input.imageLayout != nil, "--member": input.member != nil,
        "--align-corners": input.alignCorners, "--mask": input.places.mask != nil,
        "--fill-nodata": input.places.fillNodata,
        "--ignore-placement": input.places.ignorePlacement,
        "--image-bands": input.raster.imageBands != nil, "--alpha": input.raster.alpha != nil,
        "--page": input.raster.page != nil,
      ],
      because: "says how files are read, but the scores are \(scores) and images are photographs",
      remedy: "leave it out")
    try OptionCheck.refuse(
      ["--tile": tiles.tile != nil],
      because: "reads scores a part at a time, but they are \(scores)",
      remedy: "leave it out"
        + (scores == "a network's"
          ? ", or write the scores with deeplab segment --scores first" : ""))
  }

  /// - Throws: `InputError` where a step compares what only an image has.
  private static func checkImageIsNotNeeded(_ plan: PreparedPlan) throws {
    guard let (step, reason) = plan.needsImage else { return }
    throw InputError(
      .usage, at: "--image", "is missing: \(step) \(reason)",
      remedy: "give --image FILE, or use kernels of positions only: "
        + "--kernel gaussian:weight=3,spatial=3")
  }

  /// - Throws: `InputError` where something is asked for that tiles cannot give.
  private func checkTiling() throws {
    if !trimapWidths.isEmpty {
      throw InputError(
        .usage, at: "--trimap",
        "needs the distances to all boundaries of an image, which --tile never holds whole",
        remedy: "leave it out; --ground-truth alone works with tiles")
    }
    if plan.isExact {
      throw InputError(
        .usage, at: "--filter",
        "is exact, which bounds what pairs of pixels anywhere contribute; --tile leaves out pairs "
          + "of different tiles", remedy: "use another filter, or leave --tile out")
    }
  }

  private static func widths(_ text: String?) throws -> [Int] {
    guard let text else { return [] }
    return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let width = Int(part), width >= 1, width <= 1 << 20 else {
        throw InputError(
          .usage, at: "--trimap", "has the width '\(part)', but widths are whole numbers above 0",
          remedy: "as in --trimap 1,2,4,8")
      }
      return width
    }
  }

  /// Warns where figures say little because of which labels the truth has.
  ///
  /// - Parameter isWhole: whether it is that of a folder, of which every class may be expected.
  func reportOddity(of evaluation: EvaluationCounts?, isWhole: Bool) {
    guard let place = files.groundTruth, let oddity = evaluation?.oddity else { return }
    switch oddity {
    // Of one image, a class more or less is no surprise.
    case .absent, .singleClass(_, besides: nil): guard isWhole else { return }
    case .nothingCounts, .singleClass: break
    }
    oddity.report(at: place, naming: palette.names)
  }
}

extension UnaryOptions {
  /// Whether there is a label map, and nothing says how it would become scores.
  fileprivate var hasLabelsAlone: Bool {
    unaryKind == .labels && labelCount == nil && confidence == nil && unknown == nil
  }
}

extension PreparedPlan {
  /// Whether all steps filter labels and none looks at scores.
  fileprivate var takesLabelsAlone: Bool {
    refinements.isEmpty && !labelFilters.isEmpty
      && labelFilters.allSatisfy { $0.needsMarginals == nil }
  }
}
