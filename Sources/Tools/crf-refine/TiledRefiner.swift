import Evaluation
import Formats
import MeanField
import LatticeSupport
import ToolSupport
import Unaries

extension Settings {
  /// Refines one file, in tiles where they are asked for.
  func refine(_ job: Job) throws -> Outcome {
    guard let tiling else { return try Refiner(settings: self).refine(job) }
    return try TiledRefiner(settings: self, tiling: tiling).refine(job)
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

/// Refines one file tile by tile: memory is that of a tile and of a band of the image.
struct TiledRefiner {
  let settings: Settings
  let tiling: TileSettings

  func refine(_ job: Job) throws -> Outcome {
    var stopwatch = Stopwatch()
    let input = try stopwatch.measure(.read) { try TiledInput(job, settings) }
    let plan = TilePlan(input.grid, size: tiling.size, overlap: tiling.overlap)
    guard plan.count > 1 else {
      var outcome = try Refiner(settings: settings).refine(job)
      outcome.tiles = TileReport(plan, tiling)
      return outcome
    }
    try MemoryCheck.check(
      GridShape(width: plan.size.width, height: plan.size.height), labelCount: input.labelCount,
      remedy: "give a smaller --tile")
    let run = try TiledRun(settings, job, input, plan)
    var outcome = Outcome(
      job: job, grid: input.grid,
      image: input.image.map { ImageSummary($0.corner, $0.notes.orientation) },
      labelCount: input.labelCount, unary: input.summary)
    outcome.stopwatch = stopwatch
    let seams = try run.refine(&outcome)
    outcome.tiles = TileReport(plan, tiling, seams: seams)
    try outcome.stopwatch.measure(.write) {
      try Interruption.whileWriting { try run.outputs.commit() }
    }
    return outcome
  }
}

/// The files of a tiled refinement, and the work on each of its tiles.
private struct TiledRun {
  let settings: Settings
  let job: Job
  let input: TiledInput
  let plan: TilePlan
  let outputs: TiledOutputs
  private let truth: (any RegionSource<LabelMap>)?
  private let solver: Solver

  init(_ settings: Settings, _ job: Job, _ input: TiledInput, _ plan: TilePlan) throws {
    self.settings = settings
    self.job = job
    self.input = input
    self.plan = plan
    truth = try job.groundTruth.map { try LabelFile.regions($0, as: settings.truth) }
    if let truth, let path = job.groundTruth {
      do {
        try ConfusionMatrix.check(prediction: input.grid, truth: truth.grid)
      } catch let error as InputError {
        throw error.at(path)
      }
    }
    outputs = try TiledOutputs(job, input, settings)
    // Energies of tiles are no sum of anything: pairs of different tiles are in none.
    solver = Solver(settings.crf)
  }

  /// Refines all tiles. Returns how much they disagree beside their seams.
  func refine(_ outcome: inout Outcome) throws -> SeamMeter.Figures {
    let progress = settings.isQuiet ? nil : InferenceProgress(of: "the tiles")
    defer { progress?.clear() }
    var seams = SeamMeter(plan)
    var colors = ColorRange(settings.crf.kernels)
    var changed = 0
    for row in 0..<plan.rows {
      var band = LabelBand(rows: plan.coreRows(row), width: plan.grid.width)
      for column in 0..<plan.columns {
        let marginals = try refine(
          plan.tile(row: row, column: column), &band, &colors, &outcome)
        seams.add(marginals, row: row, column: column)
        progress?.show(Double(row * plan.columns + column + 1) / Double(plan.count))
      }
      changed += band.changed
      try evaluate(band, &outcome)
      try outcome.stopwatch.measure(.write) { try outputs.write(band) }
    }
    if let notes = input.image?.notes { colors.warn(notes) }
    outcome.changedShare = Double(changed) / Double(plan.grid.count)
    return seams.figures
  }

  /// Refines one tile and keeps what lies over its core. Returns its marginals.
  private func refine(
    _ tile: TilePlan.Tile, _ band: inout LabelBand, _ colors: inout ColorRange,
    _ outcome: inout Outcome
  ) throws -> Marginals {
    let scene = try outcome.stopwatch.measure(.read) { try input.scene(tile.region) }
    if let image = scene.image, let notes = input.image?.notes {
      outcome.image?.add(ImageSummary(image))
      colors.add(image, notes)
    }
    let energies = try outcome.stopwatch.measure(.unary) {
      do {
        return try input.energies.read(tile.region)
      } catch let error as InputError {
        throw error.at(job.subject)
      }
    }
    let before = outcome.stopwatch.measure(.unary) {
      energies.labels(parallelism: settings.parallelism)
    }
    let crf = try outcome.stopwatch.measure(.filters) {
      do {
        return try solver.makeCRF(scene, energies, report: &outcome.features)
      } catch let error as InputError {
        throw error.at(job.subject)
      }
    }
    let solution = solver.solve(consume crf, stopwatch: &outcome.stopwatch)
    outcome.add(solution)
    let after = solution.marginals.labels(parallelism: settings.parallelism)
    band.put(before: before, after: after, of: tile.core, in: tile.region)
    try outcome.stopwatch.measure(.write) { try outputs.write(solution.marginals, of: tile) }
    return solution.marginals
  }

  private func evaluate(_ band: LabelBand, _ outcome: inout Outcome) throws {
    guard let truth, let path = job.groundTruth else { return }
    do {
      let labels = try outcome.stopwatch.measure(.read) { try truth.read(band.region) }
      var evaluation =
        try outcome.evaluation ?? EvaluationCounts(labelCount: input.labelCount, settings: settings)
      let grid = band.region.grid
      try truth.naming(band.region) {
        let truth = evaluation.measured(labels)
        try evaluation.addBefore(LabelMap(grid: grid, labels: band.before), truth: truth)
        try evaluation.addAfter(LabelMap(grid: grid, labels: band.after), truth: truth)
      }
      outcome.evaluation = evaluation
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
