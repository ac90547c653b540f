import Evaluation
import Formats
import LatticeSupport
import Pipeline
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

  /// How the plan is to be made, and the progress that is shown meanwhile, where it takes long.
  func request(of work: String, isLong: Bool) -> (RefinementRequest, InferenceProgress?) {
    let progress = isLong && !isQuiet ? InferenceProgress(of: work) : nil
    var request = RefinementRequest(
      parallelism: parallelism, notesObjective: printsJSON && tiling == nil)
    if let progress { request.progress = { progress.show($0) } }
    return (request, progress)
  }
}

/// Refines one file of scores: reads, runs the plan, and writes when everything else has succeeded.
struct Refiner {
  let settings: Settings

  func refine(_ job: Job) throws -> Outcome {
    var stopwatch = Stopwatch()
    var loaded = try load(job, stopwatch: &stopwatch)
    let scene = loaded.scene
    let writer = OutputWriter(drawingOver: scene.image, loaded.image, palette: settings.palette)
    if let image = scene.image, let notes = loaded.image {
      ColorRange(settings.plan.models).check(image, notes)
    }
    try checkPicture(job, scene.grid)
    try writer.checkOverlay(at: job.overlay ?? job.overlayBefore)
    let before = stopwatch.measure(.unary) {
      loaded.energies.labels(parallelism: settings.parallelism)
    }
    var outcome = Outcome(
      job: job, grid: scene.grid,
      image: scene.image.map { ImageSummary($0, loaded.image?.orientation) },
      labelCount: loaded.energies.labelCount, unary: loaded.summary)
    // Compared before the inference, so that a truth that does not fit is refused at once.
    let truth = try stopwatch.measure(.read) { try readTruth(job) }
    var measured: EvaluationCounts.MeasuredTruth?
    if let truth { measured = try evaluate(before, truth, &outcome) }

    let (request, progress) = settings.request(
      of: "the inference", isLong: settings.plan.isExact)
    defer { progress?.clear() }
    let result: PreparedPlan.Result
    do {
      let plan = try settings.plan.prepared()
      result = try plan.run(loaded.takeEnergies(), over: scene, request)
    } catch let error as InputError {
      throw error.at(job.subject)
    }
    progress?.clear()
    outcome.stopwatch = stopwatch
    outcome.add(result.reports)
    let after = result.labels
    outcome.changedShare = Double(after.count(unlike: before)) / Double(scene.grid.count)
    if let measured { try outcome.evaluation?.addAfter(after, truth: measured) }
    try outcome.stopwatch.measure(.write) {
      try Interruption.whileWriting {
        try writer.write(after, to: job.labels)
        if let path = job.marginals {
          try NPY.write(result.marginals.values, over: scene.grid, to: path)
        }
        try writer.writeOverlay(of: after, to: job.overlay)
        try writer.writeOverlay(of: before, to: job.overlayBefore)
      }
    }
    return outcome
  }

  private func load(_ job: Job, stopwatch: inout Stopwatch) throws -> LoadedUnary {
    if let network = settings.network {
      let image = try stopwatch.measure(.read) {
        try settings.unary.picture.photograph(job.subject, comparedWith: job.groundTruth)
      }
      return try network.scorer.load(
        image, at: job.subject, isQuiet: settings.isQuiet, stopwatch: &stopwatch
      ).unary
    }
    return try settings.unary.load(
      job.unaryFiles, parallelism: settings.parallelism, stopwatch: &stopwatch)
  }

  /// - Throws: `InputError` where the labels are to be a picture that cannot be drawn.
  private func checkPicture(_ job: Job, _ grid: GridShape) throws {
    guard let labels = job.labels, grid.rank != 2, try !LabelFile.writesArray(labels) else {
      return
    }
    throw InputError(
      .usage, at: labels, "is to be a picture, but the scores lie on a grid of \(grid)",
      remedy: "name it .npy, or write --marginals instead")
  }

  private func readTruth(_ job: Job) throws -> LabelMap? {
    try job.groundTruth.map { try LabelFile.read($0, as: settings.truth) }
  }

  /// Counts the labels that are there before the inference.
  ///
  /// - Returns: what the labels after it are compared with.
  private func evaluate(
    _ before: LabelMap, _ truth: LabelMap, _ outcome: inout Outcome
  ) throws -> EvaluationCounts.MeasuredTruth {
    do {
      var evaluation = try EvaluationCounts(labelCount: outcome.labelCount, settings: settings)
      let measured = evaluation.measured(truth)
      try evaluation.addBefore(before, truth: measured)
      outcome.evaluation = evaluation
      return measured
    } catch let error as InputError {
      throw error.at(outcome.job.groundTruth ?? "--ground-truth")
    }
  }
}
