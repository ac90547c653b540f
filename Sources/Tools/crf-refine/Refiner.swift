import Evaluation
import Figures
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// Refines one file of scores: reads, runs the plan, and writes when everything else has succeeded.
///
/// An image in tiles is read and written while they are refined, so that memory is that of a tile
/// and of a band of the image. A single tile is refined whole: it may have any number of axes, be
/// written to a pipe, and be compared with the truth near boundaries.
struct Refiner {
  private let settings: Settings
  private let job: Job

  init(_ job: Job, _ settings: Settings) {
    self.job = job
    self.settings = settings
  }

  func refine() throws -> Outcome {
    if settings.cleansLabels { return try cleanLabels() }
    guard let tiling = settings.tiling else { return try refineWhole() }
    var times = Stopwatch()
    let input = try times.measure(.read) {
      try settings.unary.open(job.scoreFiles, parallelism: settings.parallelism)
    }
    let tiles = tiling.tiles(of: input.grid)
    var (outcome, seams) =
      tiles.count > 1
      ? try refine(input, in: tiles, times) : (try refineWhole(), SeamMeter.Figures())
    outcome.tiles = TileReport(tiles, tiling, seams: seams)
    return outcome
  }

  // MARK: Whole

  private func refineWhole() throws -> Outcome {
    var (opened, loaded) = try open()
    var (request, progress) = self.request(of: "the inference", isLong: settings.plan.isExact)
    defer { progress?.clear() }
    let palette = settings.palette(of: loaded.summary)
    let classes = try IterationsFigure.classes(
      settings.figures.classes, of: opened.outcome.labelCount, palette)
    let updates = settings.figures.iterations.map { _ in UpdateRecorder() }
    if let updates { request.visit = { updates.visit($0, $1) } }
    let scene = loaded.scene
    let result = try namingScores {
      try settings.plan.prepared().run(loaded.takeEnergies(), over: scene, request)
    }
    progress?.clear()
    var outcome = try finish(opened, result)
    try outcome.stopwatch.measure(.write) {
      if let updates, let path = settings.figures.iterations {
        let figure = try IterationsFigure(
          updates, over: opened.shown, labels: result.labels, palette: palette)
        try Interruption.whileWriting { try figure.grid(classes).drawing.write(to: path) }
      }
    }
    return outcome
  }

  /// A scene that was read, and what its results are compared with and written by.
  struct Opened {
    fileprivate(set) var outcome: Outcome
    let scene: Scene
    /// The labels of the scores as they come.
    let before: LabelMap
    fileprivate let writer: LabelWriter
    fileprivate let truth: LabelMap?
    fileprivate let measured: EvaluationCounts.MeasuredTruth?
    /// The image as it is drawn.
    fileprivate let shown: Image?
  }

  /// Reads the scores, and whatever else is needed of the scene.
  ///
  /// - Throws: `InputError` where something cannot be read or does not fit, or an output cannot
  ///   hold what it is to hold.
  func open() throws -> (Opened, LoadedScores) {
    var times = Stopwatch()
    let loaded = try load(&times)
    times += loaded.times
    let scene = loaded.scene
    let (summary, labelCount) = (loaded.summary, loaded.energies.labelCount)
    let writer = LabelWriter(
      drawingOver: scene.image, loaded.image, palette: settings.palette(of: summary),
      at: summary.placement, mayLeaveOut: summary.mayLeaveOut)
    if let image = scene.image, let notes = loaded.image {
      settings.plan.colorRange.check(image, notes)
    }
    try checkPicture(scene.grid)
    try checkFigures(scene.grid)
    try warnOfLostPlace(summary.placement)
    try writer.checkOverlay(at: job.overlay ?? job.overlayBefore)
    let before = times.measure(.unary) {
      loaded.energies.labels(parallelism: settings.parallelism)
        .marking(scene.mask, labelCount: labelCount)
    }
    var outcome = Outcome(
      job: job, grid: scene.grid,
      image: scene.image.map { ImageSummary($0, loaded.image?.orientation) },
      labelCount: labelCount, unary: summary, stopwatch: times)
    outcome.leftOut = scene.mask?.leftOutCount ?? 0
    // Compared before the inference, so that a truth that does not fit is refused at once.
    let truth = try job.groundTruth.map { path in
      try outcome.stopwatch.measure(.read) { try LabelFile.read(path, as: settings.truth) }
        .voiding(scene.mask, as: settings.void)
    }
    let measured = try truth.map { truth in
      try namingTruth { try outcome.count(before, truth, settings) }
    }
    let opened = Opened(
      outcome: outcome, scene: scene, before: before, writer: writer, truth: truth,
      measured: measured, shown: scene.image.map { loaded.image?.drawn($0) ?? $0 })
    return (opened, loaded)
  }

  /// Compares, draws and writes what became of a scene.
  ///
  /// - Throws: `InputError` where an output cannot be written.
  func finish(_ opened: Opened, _ result: PreparedPlan.Result) throws -> Outcome {
    let (scene, before, summary) = (opened.scene, opened.before, opened.outcome.unary)
    var outcome = opened.outcome
    outcome.add(result)
    outcome.changedShare =
      Double(result.labels.count(unlike: before))
      / Double(max(1, scene.grid.count - outcome.leftOut))
    if let measured = opened.measured {
      try outcome.evaluation?.addAfter(result.labels, truth: measured)
    }
    outcome.comparison = try comparison(
      of: result.labels, before, opened.truth, over: opened.shown,
      labelCount: outcome.labelCount, settings.palette(of: summary))
    try outcome.stopwatch.measure(.write) {
      try write(
        result.labels, after: before, result.marginals, over: scene, at: summary.placement,
        by: opened.writer)
      try writeComparison(outcome.comparison, settings.palette(of: summary))
    }
    return outcome
  }

  /// The pictures of an image in small; `nil` where nobody wants them.
  private func comparison(
    of labels: LabelMap, _ before: LabelMap, _ truth: LabelMap?, over image: Image?,
    labelCount: Int, _ palette: Palette
  ) throws -> ImageComparison? {
    guard settings.figures.comparesImages else { return nil }
    return try namingScores {
      try ImageComparison(
        name: FolderListing.split(job.subject).stem, over: image, before: before, after: labels,
        truth: truth, void: settings.void, labelCount: labelCount, palette: palette,
        most: settings.isFolder ? ComparedImages.smallSide : 480)
    }
  }

  /// Of one file; that of a folder shows all files.
  private func writeComparison(_ comparison: ImageComparison?, _ palette: Palette) throws {
    guard let path = settings.figures.comparison, let comparison, !settings.isFolder else { return }
    let drawing = PictureGrid([comparison], palette: palette).drawing
    try Interruption.whileWriting { try drawing.write(to: path) }
  }

  private func write(
    _ labels: LabelMap, after before: LabelMap, _ marginals: Marginals?, over scene: Scene,
    at placement: Placement?, by writer: LabelWriter
  ) throws {
    try Interruption.whileWriting {
      try writer.write(labels, to: job.labels)
      if let path = job.marginals, let marginals {
        try MarginalsFile.write(marginals, at: placement, mask: scene.mask, to: path)
      }
      try writer.writeOverlay(of: labels, to: job.overlay)
      try writer.writeOverlay(of: before, to: job.overlayBefore)
    }
  }

  private func load(_ times: inout Stopwatch) throws -> LoadedScores {
    guard settings.network != nil || settings.scorer != nil else {
      return try settings.unary.load(
        job.scoreFiles, canTile: true, parallelism: settings.parallelism)
    }
    let image = try times.measure(.read) {
      try settings.unary.picture.photograph(job.subject, comparedWith: job.groundTruth)
    }
    if let scorer = settings.scorer {
      return try namingScores { try scorer.scores(of: image) }
    }
    guard let network = settings.network else { preconditionFailure("nothing scores images") }
    return try network.scorer.scores(of: image, isQuiet: settings.isQuiet).loaded
  }

  /// - Throws: `InputError` where the labels are to be a picture that cannot be drawn.
  private func checkPicture(_ grid: GridShape) throws {
    guard let labels = job.labels, grid.rank != 2,
      [.picture, .raster].contains(try LabelFile.format(labels))
    else { return }
    throw InputError(
      .usage, at: labels, "is to be a picture, but the scores lie on a grid of \(grid)",
      remedy: grid.rank == 3
        ? "name it .nii.gz or .npy, or write --marginals instead"
        : "name it .npy, or write --marginals instead")
  }

  /// - Throws: `InputError` where a figure is to show what is not flat.
  private func checkFigures(_ grid: GridShape) throws {
    guard grid.rank != 2, let path = settings.figures.files.first else { return }
    throw InputError(
      .usage, at: path, "is to show pictures, but the scores lie on a grid of \(grid)",
      remedy: "leave it out, or refine a slice of the volume")
  }

  /// Says that labels in a picture lie nowhere, though the image lies somewhere.
  private func warnOfLostPlace(_ placement: Placement?) throws {
    guard placement?.map != nil, let labels = job.labels,
      try LabelFile.format(labels) == .picture
    else { return }
    InputWarning(
      at: labels, "cannot say where its pixels lie on the Earth, as the image does",
      remedy: "name it .tif to keep that"
    ).report()
  }

  // MARK: Labels alone

  private func cleanLabels() throws -> Outcome {
    let loaded = try settings.unary.labels(of: job.scoreFiles)
    let (scene, map, summary) = (loaded.scene, loaded.map, loaded.summary)
    let writer = LabelWriter(
      drawingOver: scene.image, loaded.image, palette: settings.palette(of: summary),
      at: summary.placement, mayLeaveOut: summary.mayLeaveOut)
    try checkPicture(scene.grid)
    try checkFigures(scene.grid)
    try warnOfLostPlace(summary.placement)
    try writer.checkOverlay(at: job.overlay ?? job.overlayBefore)
    var outcome = Outcome(
      job: job, grid: scene.grid,
      image: scene.image.map { ImageSummary($0, loaded.image?.orientation) },
      labelCount: map.distinctLabelCount, unary: summary, stopwatch: loaded.times)
    outcome.leftOut = scene.mask?.leftOutCount ?? 0
    let cleaned = try outcome.stopwatch.measure(.labels) {
      try namingScores {
        try settings.plan.prepared().clean(map, over: scene, parallelism: settings.parallelism)
      }
    }
    outcome.changedShare =
      Double(cleaned.count(unlike: map)) / Double(max(1, scene.grid.count - outcome.leftOut))
    outcome.comparison = try comparison(
      of: cleaned, map, nil, over: scene.image.map { loaded.image?.drawn($0) ?? $0 },
      labelCount: 0, settings.palette(of: summary))
    try outcome.stopwatch.measure(.write) {
      try write(cleaned, after: map, nil, over: scene, at: summary.placement, by: writer)
      try writeComparison(outcome.comparison, settings.palette(of: summary))
    }
    return outcome
  }

  // MARK: In tiles

  private func refine(
    _ input: OpenedScores, in tiles: TilePlan, _ times: Stopwatch
  ) throws -> (Outcome, SeamMeter.Figures) {
    try EnergyField.checkMemory(
      GridShape(width: tiles.size.width, height: tiles.size.height), labelCount: input.labelCount,
      remedy: "give a smaller --tile")
    try warnOfLostPlace(input.summary.placement)
    let truth = try openTruth(input.grid)
    let outputs = try TiledOutputs(job, input, settings)
    var outcome = Outcome(
      job: job, grid: input.grid,
      image: input.image.map { ImageSummary($0.corner, $0.notes.orientation) },
      labelCount: input.labelCount, unary: input.summary, stopwatch: times)
    let (request, progress) = request(of: "the tiles", isLong: true)
    defer { progress?.clear() }
    var tileRequest = request
    tileRequest.progress = nil
    var colors = settings.plan.colorRange
    var changed = 0
    let seams = try namingScores {
      try TiledRun(settings.plan.prepared(), on: tiles, tileRequest).run { region in
        let scene = try outcome.stopwatch.measure(.read) { try input.scene(region) }
        if let image = scene.image, let notes = input.image?.notes {
          outcome.image?.add(ImageSummary(image))
          colors.add(image, notes)
        }
        return try outcome.stopwatch.measure(.unary) { (scene, try input.energies(region)) }
      } visit: { tile in
        outcome.add(tile.result)
        try outcome.stopwatch.measure(.write) {
          try outputs.write(tile.result.marginals, of: tile.place, mask: tile.scene.mask)
        }
        outcome.leftOut += tile.scene.mask?.leftOut(tile.place.core, of: tile.place.region) ?? 0
        progress?.show(tile.shareDone)
      } finish: { band in
        changed += band.changed
        if let truth { try namingTruth { try outcome.count(band, truth, settings) } }
        try outcome.stopwatch.measure(.write) { try outputs.write(band) }
      }
    }
    if let notes = input.image?.notes { colors.warn(notes) }
    outcome.changedShare = Double(changed) / Double(max(1, tiles.grid.count - outcome.leftOut))
    try outcome.stopwatch.measure(.write) {
      try Interruption.whileWriting { try outputs.commit() }
    }
    return (outcome, seams)
  }

  private func openTruth(_ grid: GridShape) throws -> (any RegionSource<LabelMap>)? {
    guard let path = job.groundTruth else { return nil }
    let truth = try LabelFile.regions(path, as: settings.truth)
    try namingTruth { try ConfusionMatrix.check(prediction: grid, truth: truth.grid) }
    return truth
  }

  // MARK: Either way

  private func namingTruth<Result>(_ body: () throws -> Result) throws -> Result {
    try OptionCheck.naming(job.groundTruth ?? "--ground-truth", body)
  }

  private func namingScores<Result>(_ body: () throws -> Result) throws -> Result {
    try OptionCheck.naming(job.subject, body)
  }

  /// How the plan is to be made, and the progress that is shown meanwhile, where it takes long.
  private func request(
    of work: String, isLong: Bool
  ) -> (RefinementRequest, InferenceProgress?) {
    let progress = isLong && !settings.isQuiet ? InferenceProgress(of: work) : nil
    var request = RefinementRequest(
      parallelism: settings.parallelism,
      notesObjective: settings.tiling == nil
        && (settings.printsJSON || settings.notesEnergies
          || settings.figures.report != nil && !settings.isFolder)
    )
    if let progress { request.progress = { progress.show($0) } }
    return (request, progress)
  }
}

extension LabelMap {
  /// True labels without those of points that are left out.
  fileprivate func voiding(_ mask: PointMask?, as void: UInt16) -> LabelMap {
    guard let mask, mask.grid == grid else { return self }
    var map = self
    for point in map.labels.indices where !mask.isCounted[point] { map.labels[point] = void }
    return map
  }
}

extension PointMask {
  /// How many points of a part are left out.
  fileprivate func leftOut(_ part: GridRegion, of whole: GridRegion) -> Int {
    whole.cut(part, from: isCounted).count { !$0 }
  }
}

extension Outcome {
  /// Counts labels as they come.
  ///
  /// - Returns: what the refined labels of the same points are compared with.
  fileprivate mutating func count(
    _ before: LabelMap, _ truth: LabelMap, _ settings: Settings
  ) throws -> EvaluationCounts.MeasuredTruth {
    var counts =
      try evaluation
      ?? EvaluationCounts(
        labelCount: labelCount, ignoring: settings.void, isRefined: true,
        widths: settings.trimapWidths)
    let measured = counts.measured(truth)
    try counts.addBefore(before, truth: measured)
    evaluation = counts
    return measured
  }

  /// Counts the labels of some rows, before and after.
  fileprivate mutating func count(
    _ band: LabelBand, _ truth: any RegionSource<LabelMap>, _ settings: Settings
  ) throws {
    let grid = band.region.grid
    var labels = try stopwatch.measure(.read) { try truth.read(band.region) }
    if unary.mayLeaveOut {
      let mark = LabelMap.leftOut(ofLabels: labelCount)
      let mask = try PointMask(grid: grid, isCounted: band.after.map { $0 != mark })
      labels = labels.voiding(mask, as: settings.void)
    }
    try truth.naming(band.region) {
      let measured = try count(LabelMap(grid: grid, labels: band.before), labels, settings)
      try evaluation?.addAfter(LabelMap(grid: grid, labels: band.after), truth: measured)
    }
  }
}

extension LabelMap {
  /// How many labels it has, void among them. O(N).
  fileprivate var distinctLabelCount: Int {
    var isMet = [Bool](repeating: false, count: 1 << 16)
    for label in labels { isMet[Int(label)] = true }
    return isMet.count { $0 }
  }
}
