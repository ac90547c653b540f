import Evaluation
import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// Refines one file tile by tile: memory is that of a tile and of a band of the image.
struct TiledRefiner {
  let settings: Settings
  let tiling: Tiling

  func refine(_ job: Job) throws -> Outcome {
    var stopwatch = Stopwatch()
    let input = try stopwatch.measure(.read) {
      try settings.unary.open(job.unaryFiles, parallelism: settings.parallelism)
    }
    let tiles = tiling.tiles(of: input.grid)
    guard tiles.count > 1 else {
      var outcome = try Refiner(settings: settings).refine(job)
      outcome.tiles = TileReport(tiles, tiling)
      return outcome
    }
    try MemoryCheck.check(
      GridShape(width: tiles.size.width, height: tiles.size.height), labelCount: input.labelCount,
      remedy: "give a smaller --tile")
    let truth = try openTruth(job, input.grid)
    let outputs = try TiledOutputs(job, input, settings)
    var outcome = Outcome(
      job: job, grid: input.grid,
      image: input.image.map { ImageSummary($0.corner, $0.notes.orientation) },
      labelCount: input.labelCount, unary: input.summary)
    outcome.stopwatch = stopwatch
    let seams: SeamMeter.Figures
    do {
      seams = try run(job, input, tiles, truth, outputs, &outcome)
    } catch let error as InputError {
      throw error.at(job.subject)
    }
    outcome.tiles = TileReport(tiles, tiling, seams: seams)
    try outcome.stopwatch.measure(.write) {
      try Interruption.whileWriting { try outputs.commit() }
    }
    return outcome
  }

  private func openTruth(
    _ job: Job, _ grid: GridShape
  ) throws -> (any RegionSource<LabelMap>)? {
    guard let path = job.groundTruth else { return nil }
    let truth = try LabelFile.regions(path, as: settings.truth)
    do {
      try ConfusionMatrix.check(prediction: grid, truth: truth.grid)
    } catch let error as InputError {
      throw error.at(path)
    }
    return truth
  }

  /// Refines all tiles. Returns how much they disagree beside their seams.
  private func run(
    _ job: Job, _ input: OpenedUnary, _ tiles: TilePlan, _ truth: (any RegionSource<LabelMap>)?,
    _ outputs: TiledOutputs, _ outcome: inout Outcome
  ) throws -> SeamMeter.Figures {
    let (request, progress) = settings.request(of: "the tiles", isLong: true)
    defer { progress?.clear() }
    var colors = ColorRange(settings.plan.models)
    var changed = 0
    var tileRequest = request
    tileRequest.progress = nil
    let run = TiledRun(try settings.plan.prepared(), on: tiles, tileRequest)
    let seams = try run.run { region in
      let scene = try outcome.stopwatch.measure(.read) { try input.scene(region) }
      if let image = scene.image, let notes = input.image?.notes {
        outcome.image?.add(ImageSummary(image))
        colors.add(image, notes)
      }
      return try outcome.stopwatch.measure(.unary) {
        (scene, try input.energies.read(region))
      }
    } visit: { tile in
      outcome.add(tile.result.reports)
      try outcome.stopwatch.measure(.write) {
        try outputs.write(tile.result.marginals, of: tile.place)
      }
      progress?.show(tile.shareDone)
    } finish: { band in
      changed += band.changed
      if let truth { try evaluate(band, truth, &outcome) }
      try outcome.stopwatch.measure(.write) { try outputs.write(band) }
    }
    if let notes = input.image?.notes { colors.warn(notes) }
    outcome.changedShare = Double(changed) / Double(tiles.grid.count)
    return seams
  }

  private func evaluate(
    _ band: LabelBand, _ truth: any RegionSource<LabelMap>, _ outcome: inout Outcome
  ) throws {
    do {
      let labels = try outcome.stopwatch.measure(.read) { try truth.read(band.region) }
      var evaluation =
        try outcome.evaluation
        ?? EvaluationCounts(labelCount: outcome.labelCount, settings: settings)
      let grid = band.region.grid
      try truth.naming(band.region) {
        let truth = evaluation.measured(labels)
        try evaluation.addBefore(LabelMap(grid: grid, labels: band.before), truth: truth)
        try evaluation.addAfter(LabelMap(grid: grid, labels: band.after), truth: truth)
      }
      outcome.evaluation = evaluation
    } catch let error as InputError {
      throw error.at(outcome.job.groundTruth ?? "--ground-truth")
    }
  }
}
