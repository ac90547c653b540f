import Evaluation
import Formats
import Lattice
import LatticeSupport
import MeanField
import ToolSupport
import Tuning
import Unaries

/// The options of a search, checked and turned into the library's values.
struct TuneSettings {
  let objective: Objective
  let search: CoarseToFineSearch
  let conditions: TuningConditions
  let images: [TuningImage]
  /// The part of the set that each image belongs to.
  let parts: [Int]
  let output: TuneOutputOptions
  /// Where results go; the state is not one of them.
  let plan: OutputPlan
  let parallelism: Parallelism
  /// Where the true labels lie.
  let truthFolder: String

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
    output: TuneOutputOptions
  ) throws {
    self.output = output
    objective = options.objective
    parallelism = try Parallelism(option: options.threads)
    search = try Self.search(options)
    let palette = try Palette(option: output.palette)
    guard (1...1 << 20).contains(options.trimapWidth) else {
      throw InputError(
        .usage, at: "--trimap-width", "is \(options.trimapWidth), but must be at least 1",
        remedy: "4 is usual")
    }
    let isPaletteChosen = output.palette != nil
    conditions = TuningConditions(
      search.space,
      unary: try UnarySettings(
        input,
        reading: LabelReading(
          palette: palette, isPaletteChosen: isPaletteChosen,
          mapping: LabelMapping(option: truth.labelMap, void: truth.voidLabel()))),
      truth: try truth.reading(palette, isPaletteChosen: isPaletteChosen),
      palette: palette, void: try truth.voidLabel(), trimapWidth: options.trimapWidth)
    let folders = try Self.folders(input, truth)
    truthFolder = folders.truth
    images = try Self.images(folders, conditions.unary.kind)
    parts = images.indices.map { options.holdout && $0 % 2 == 1 ? Self.heldOut : Self.tuned }
    guard !options.holdout || images.count >= 2 else {
      throw InputError(
        .usage, at: "--holdout", "needs two images at least, but there is one",
        remedy: "leave it out, or add images")
    }
    plan = OutputPlan(
      outputs: [output.output, output.surface], inputs: folders.all, labels: nil,
      subject: folders.scores)
    try checkOutputs()
  }

  /// Makes sure that the true labels tell settings apart, before a search of hours.
  ///
  /// - Throws: `InputError` where a single class occurs in all of them, or none.
  func checkTruth() throws {
    let (paths, reading) = (images.map(\.truth), conditions.truth)
    // Two classes are enough; how many there are, the scores say.
    guard
      let oddity = TruthOddity(
        ofMaps: paths.count, until: 2, ignoring: conditions.void, classes: nil,
        parallelism: parallelism, labels: { try LabelFile.read(paths[$0], as: reading) })
    else { return }
    switch oddity {
    case .absent: return
    case .nothingCounts, .singleClass:
      throw oddity.error(at: truthFolder, naming: conditions.palette.names)
    }
  }

  private static func search(_ options: SearchOptions) throws -> CoarseToFineSearch {
    let parts = options.iterations.split(separator: ",", omittingEmptySubsequences: false)
    let iterations = parts.compactMap { Int($0) }.filter { (1...mostIterations).contains($0) }
    guard iterations.count == parts.count else {
      throw InputError(
        .usage, at: "--iterations",
        "is '\(options.iterations)', but must be whole numbers 1…\(mostIterations)",
        remedy: "as in --iterations 10 or --iterations 5,10")
    }
    guard (0...mostRefinements).contains(options.refinements) else {
      throw InputError(
        .usage, at: "--refinements",
        "is \(options.refinements), but must be 0…\(mostRefinements)", remedy: "1 or 2 are usual")
    }
    let space = try SearchSpace(options)
    let search = CoarseToFineSearch(
      space, iterations: iterations, refinements: options.refinements)
    guard search.coarseCount <= mostSettings else {
      throw InputError(
        .usage, at: space.parameters[0].option,
        "and the other ranges make more than \(mostSettings) settings",
        remedy: "take larger steps, and let --refinements find what lies between")
    }
    return search
  }

  /// The folders that are named.
  private struct Folders {
    let scores: String
    let image: String
    let truth: String

    var all: [String] { [scores, image, truth] }
  }

  private static func folders(_ input: UnaryOptions, _ truth: TruthOptions) throws -> Folders {
    func folder(_ path: String?, _ option: String, _ what: String) throws -> String {
      guard let path else {
        throw InputError(
          .usage, at: option, "is missing: a search needs \(what)",
          remedy: "give a folder; files belong together by their stems")
      }
      guard FileSystem.isFolder(path) else {
        throw InputError(
          .noInput, at: path,
          FileSystem.exists(path) ? "is a file, but \(option) is a folder here" : "is not a folder",
          remedy: "give folders for scores, images and true labels")
      }
      return path
    }
    return Folders(
      scores: try folder(input.unary, "--unary", "the scores of some images"),
      image: try folder(input.image, "--image", "the images of the scores"),
      truth: try folder(truth.groundTruth, "--ground-truth", "the true labels of the images"))
  }

  /// - Throws: `InputError` of the first file that lacks what belongs to it: a search on fewer
  ///   images than meant would mislead.
  private static func images(_ folders: Folders, _ kind: UnaryKind) throws -> [TuningImage] {
    try FolderPlan(
      scores: UnaryFiles(scores: folders.scores, image: folders.image), groundTruth: folders.truth,
      kind: kind
    ).entries.map { entry in
      if let error = entry.error { throw error }
      guard let image = entry.companions["image"], let truth = entry.companions["ground truth"]
      else { preconditionFailure("'\(entry.name)' was matched without its companions") }
      return TuningImage(name: entry.stem, scores: entry.path, image: image, truth: truth)
    }
  }

  private func checkOutputs() throws {
    for (option, path, ending) in [
      ("--output", output.output, "json"), ("--surface", output.surface, "png"),
    ] {
      guard let path, !FileSystem.isStandardOutput(path),
        FileSystem.split(FileSystem.name(of: path)).ending != ending
      else { continue }
      throw InputError(
        .usage, at: option, "is '\(path)', but its file is a .\(ending)",
        remedy: "name it as what it is")
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
    if let state = output.state, FileSystem.isStandardOutput(state) {
      throw InputError(
        .usage, at: "--state", "is '\(state)', which cannot be read again",
        remedy: "name a file")
    }
    try OutputCheck.check(plan.outputs + [output.state].compactMap { $0 }, inputs: plan.inputs)
  }
}
