import Evaluation
import Figures
import Formats
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Tuning
import Unaries

/// The options of a search, checked and turned into the library's values.
struct TuneSettings {
  let objective: SearchGoal
  let search: CoarseToFineSearch
  /// What is learned from the best setting on; `nil` where nothing is.
  let learning: LearningOptions?
  /// Where the curve of learning goes.
  let curves: [String]
  /// Label filters of which those that pay are kept.
  let cleanUps: [Description<LabelFilterKind>]
  /// How files of scores are read.
  let unary: ScoreReading
  /// How the true labels are read.
  let truth: LabelReading
  /// The labels' colours and names.
  let palette: Palette
  let void: UInt16
  let trimapWidth: Int
  let images: [TuningImage]
  /// The part of the set that each image belongs to.
  let parts: [Int]
  let output: TuneOutputOptions
  /// Where results go; the state is not one of them.
  let plan: OutputPlan
  let parallelism: Parallelism
  /// The folders that are named.
  let folders: ScoreFolders

  /// The parts.
  static let tuned = 0
  static let heldOut = 1

  /// More than a search can go through.
  private static let mostSettings = 1_000_000
  private static let mostIterations = 1_000_000
  /// After so many, gaps are below what any data can tell apart.
  private static let mostRefinements = 10

  var isHoldout: Bool { parts.contains(Self.heldOut) }

  /// - Throws: `InputError` naming the option that cannot be followed, or the file that is missing.
  init(
    input: UnaryOptions, truth: TruthOptions, search options: SearchOptions,
    learning learnOptions: LearnOptions, output: TuneOutputOptions
  ) throws {
    self.output = output
    objective = options.objective
    parallelism = try Parallelism(option: options.threads)
    learning = try LearningOptions(learnOptions, isHoldout: options.holdout)
    curves = learnOptions.curve
    search = try Self.search(options, isLearned: learning != nil)
    guard learning == nil || search.space.base != nil else {
      throw InputError(
        .usage, at: "--learn",
        "learns the numbers of one CRF that is a step of its own, but there "
          + "is not one", remedy: "add a step: --step crf:model=deeplab-v2-pytorch")
    }
    cleanUps = try options.clean.map(Self.cleanUp)
    palette = try Palette(option: output.palette)
    guard (1...1 << 20).contains(options.trimapWidth) else {
      throw InputError(
        .usage, at: "--trimap-width", "is \(options.trimapWidth), but must be at least 1",
        remedy: "4 is usual")
    }
    trimapWidth = options.trimapWidth
    void = try truth.voidLabel()
    let readings = try truth.readings(palette, isChosen: output.palette != nil)
    unary = try ScoreReading(input, labels: readings.labels)
    self.truth = readings.truth
    folders = try ScoreFolders(input, truth, for: "a search")
    images = try folders.images(
      unary, truth: self.truth, range: ColorRange(search.space.leastColors))
    parts = images.indices.map { options.holdout && $0 % 2 == 1 ? Self.heldOut : Self.tuned }
    guard !options.holdout || images.count >= 2 else {
      throw InputError(
        .usage, at: "--holdout", "needs two images at least, but there is one",
        remedy: "leave it out, or add images")
    }
    plan = OutputPlan(
      outputs: [output.output, output.surface, output.report] + curves, inputs: folders.all,
      labels: nil,
      subject: folders.scores)
    try checkOutputs()
  }

  /// Makes sure that the true labels tell settings apart, before a search of hours.
  ///
  /// - Throws: `InputError` where a single class occurs in all of them, or none.
  func checkTruth() throws {
    let (paths, reading) = (images.map(\.truth), truth)
    // Two classes are enough; how many there are, the scores say.
    guard
      let oddity = TruthOddity(
        ofMaps: paths.count, until: 2, ignoring: void, classes: nil,
        parallelism: parallelism, labels: { try LabelFile.read(paths[$0], as: reading) })
    else { return }
    switch oddity {
    case .absent: return
    case .nothingCounts, .singleClass:
      throw oddity.error(at: folders.truth, naming: palette.names)
    }
  }

  private static func search(
    _ options: SearchOptions, isLearned: Bool
  ) throws -> CoarseToFineSearch {
    let space = try SearchSpace(options, isLearned: isLearned)
    let usual = options.step.isEmpty ? 10 : space.base?.iterations ?? 1
    let text = options.iterations ?? "\(usual)"
    guard options.iterations == nil || space.base != nil else {
      throw InputError(
        .usage, at: "--iterations", "says how often a CRF is updated, but there is not one",
        remedy: "leave it out")
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let iterations = parts.compactMap { Int($0) }.filter { (1...mostIterations).contains($0) }
    guard iterations.count == parts.count else {
      throw InputError(
        .usage, at: "--iterations",
        "is '\(text)', but must be whole numbers 1…\(mostIterations)",
        remedy: "as in --iterations 10 or --iterations 5,10")
    }
    guard (0...mostRefinements).contains(options.refinements) else {
      throw InputError(
        .usage, at: "--refinements",
        "is \(options.refinements), but must be 0…\(mostRefinements)", remedy: "1 or 2 are usual")
    }
    let coarse = CoarseToFineSearch(space, iterations: iterations, refinements: 0)
    // Around the start of learning alone, nothing is looked for.
    let search = CoarseToFineSearch(
      space, iterations: iterations,
      refinements: isLearned && !coarse.isSearched ? 0 : options.refinements)
    guard search.coarseCount <= mostSettings else {
      throw InputError(
        .usage, at: space.parameters.first?.place,
        "and the other ranges make more than \(mostSettings) settings",
        remedy: "take larger steps, and let --refinements find what lies between")
    }
    return search
  }

  private static func cleanUp(_ text: String) throws -> Description<LabelFilterKind> {
    let step = try OptionCheck.naming("--clean \(text)") {
      try Plan.Step(JSONValue(description: text))
    }
    guard case .labelFilter(let description) = step else {
      throw InputError(
        .usage, at: "--clean \(text)", "is a refinement, which changes scores, not labels",
        remedy: "name label filters: \(LabelFilterKind.registry.names.joined(separator: ", ")); "
          + "refinements go with --step")
    }
    return description
  }

  /// What tries the clean-ups.
  func cleanUpSearch(part: Int) -> CleanUpSearch {
    CleanUpSearch(
      zip(images, parts).filter { $1 == part }.map(\.0), for: objective, ignoring: void,
      trimapWidth: trimapWidth, parallelism: parallelism)
  }

  /// Solves the images, and keeps what came of them in the state where one is named.
  ///
  /// - Throws: `InputError` where the state cannot be used.
  func evaluator() throws -> Evaluator {
    try Evaluator(
      images, parts: parts, space: search.space, ignoring: void, trimapWidth: trimapWidth,
      state: searchState, parallelism: parallelism)
  }

  /// Nothing is kept where learning alone is done: its start is soon measured.
  private var searchState: SearchState? {
    guard learning == nil || search.isSearched else { return nil }
    return output.state.map { SearchState($0, conditions: conditions) }
  }

  private func checkOutputs() throws {
    let named =
      [
        ("--output", output.output, ["json"]), ("--surface", output.surface, DrawingFormat.endings),
        ("--report", output.report, ["html"]),
      ] + curves.map { ("--curve", $0, DrawingFormat.endings + ["csv"]) }
    for (option, path, endings) in named {
      guard let path, !StandardOutput.isNamed(by: path),
        !endings.contains(FolderListing.split(path).ending)
      else { continue }
      throw InputError(
        .usage, at: option,
        "is '\(path)', but its file is a " + endings.map { ".\($0)" }.joined(separator: " or a "),
        remedy: "name it as what it is")
    }
    for path in [output.surface, output.report].compactMap({ $0 }) + curves
    where FolderListing.split(path).ending != "csv" {
      try Drawing.checkAvailable(for: path)
    }
    if output.surface != nil, SurfaceFigure.Axes(search.space) == nil {
      throw InputError(
        .usage, at: "--surface", "shows two settings of kernels, but fewer are searched",
        remedy: "add one with --tune, or leave it out")
    }
    guard !plan.outputs.isEmpty || !output.quiet || output.json else {
      throw InputError(
        .usage, at: "--quiet", "leaves nothing that would show a result",
        remedy: "add --output, --surface or --json, or leave it out")
    }
    try plan.check(resumes: false, printsJSON: output.json)
    if let state = output.state, StandardOutput.isNamed(by: state) {
      throw InputError(
        .usage, at: "--state", "is '\(state)', which cannot be read again",
        remedy: "name a file")
    }
    let states = [output.state, learningState?.path].compactMap { $0 }
    try OutputCheck.check(
      plan.outputs + Set(states).sorted(), inputs: plan.inputs)
  }

  /// Where evaluations of learning are kept: beside those of a search where there is one.
  var learningState: SearchState? {
    guard learning != nil, let path = output.state else { return nil }
    return SearchState(
      search.isSearched ? path + ".learn" : path, conditions: readingConditions)
  }
}

extension CoarseToFineSearch {
  /// Whether there is more than one setting.
  var isSearched: Bool { coarseCount > 1 }
}

extension ScoreFolders {
  /// The images of the set.
  ///
  /// - Parameter range: compares their colours with what is searched.
  /// - Throws: `InputError` of the first file that lacks what belongs to it: a search on fewer
  ///   images than meant would mislead.
  fileprivate func images(
    _ unary: ScoreReading, truth reading: LabelReading, range: ColorRange
  ) throws -> [TuningImage] {
    try entries(areLabels: unary.kind == .labels).map { entry in
      TuningImage(
        name: entry.stem, entry.files, truth: entry.truth, reading: unary, truthReading: reading,
        range: range)
    }
  }
}

extension TuneSettings {
  /// The plan without what settings say.
  private var planText: String {
    let space = search.space
    guard var model = space.model(of: space.unrefined) else {
      return (try? space.plan(of: space.unrefined))?.json.compactText ?? ""
    }
    (model.name, model.source) = (nil, nil)
    return (try? space.plan(of: space.unrefined, with: model))?.json.compactText ?? ""
  }

  /// What evaluations depend on, by name, as the state notes it.
  private var conditions: [String: String] {
    let space = search.space
    return [
      "--normalization": Set((space.base?.terms ?? []).map(\.normalization.rawValue)).sorted()
        .joined(separator: ", "), "--filter": space.base.map { "\($0.filter)" } ?? "none",
      "--tune": space.parameters.map(\.name).joined(separator: ", "), "the model": planText,
      "--trimap-width": "\(trimapWidth)",
    ].merging(readingConditions) { first, _ in first }
  }

  /// How files are read.
  private var readingConditions: [String: String] {
    [
      "--unary-kind": unary.kind.rawValue,
      "--scores-layout": "\(unary.order ?? .labelsFirst)",
      "--image-layout": "\(unary.imageLayout)", "--member": unary.member ?? "none",
      "--align-corners": "\(unary.alignCorners)", "--label-count": "\(unary.labelCount)",
      "--confidence": "\(unary.confidence)", "--unknown": "\(unary.unknown)",
      "--void": "\(void)",
      // Names of labels change no count.
      "--palette": "of colours " + Fingerprint.of(palette),
    ].merging(choices) { first, _ in first }
  }

  /// What is noted only where it is chosen, so that a state from before there was a choice goes on.
  private var choices: [String: String] {
    let picture = unary.picture
    return [
      "--binary": unary.isForeground ? "given" : nil,
      "--normalize-scores": unary.normalizes ? "given" : nil,
      "--label-map": unary.labels.mapping?.description,
      "--merge": folders.others.isEmpty ? nil : "\(unary.merging)",
      "--truth-map": truth.mapping?.description,
      "--palette's grays": truth.takesGrayForNumbers ? nil : "colours",
      "--orientation": picture.orientation == .ask ? nil : picture.orientation.rawValue,
      "--image-range": picture.range.map { "\($0)" },
    ].compactMapValues { $0 }
  }
}
