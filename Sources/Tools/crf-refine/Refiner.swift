import Evaluation
import Formats
import MeanField
import LatticeSupport
import ToolSupport
import Unaries

/// Refines one file of scores: reads, infers, and writes when everything else has succeeded.
struct Refiner {
  let settings: Settings

  func refine(_ job: Job) throws -> Outcome {
    var stopwatch = Stopwatch()
    var loaded = try load(job, stopwatch: &stopwatch)
    let scene = loaded.scene
    let writer = OutputWriter(drawingOver: scene.image, loaded.image, palette: settings.palette)
    if let image = scene.image, let notes = loaded.image {
      ColorRange(settings.crf.kernels).check(image, notes)
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

    let progress =
      settings.crf.exact != nil && !settings.isQuiet ? InferenceProgress(of: "the inference") : nil
    defer { progress?.clear() }
    let solver = Solver(settings.crf, notesEnergies: settings.printsJSON, progress: progress)
    let crf = try stopwatch.measure(.filters) {
      do {
        return try solver.makeCRF(scene, loaded.takeEnergies(), report: &outcome.features)
      } catch let error as InputError {
        throw error.at(job.subject)
      }
    }
    let solution = solver.solve(consume crf, stopwatch: &stopwatch)
    outcome.add(solution)
    progress?.clear()
    let after = stopwatch.measure(.inference) {
      solution.marginals.labels(parallelism: settings.parallelism)
    }
    outcome.changedShare = Double(after.count(unlike: before)) / Double(scene.grid.count)
    if let measured { try outcome.evaluation?.addAfter(after, truth: measured) }
    try stopwatch.measure(.write) {
      try Interruption.whileWriting {
        try writer.write(after, to: job.labels)
        if let path = job.marginals {
          try NPY.write(solution.marginals.values, over: scene.grid, to: path)
        }
        try writer.writeOverlay(of: after, to: job.overlay)
        try writer.writeOverlay(of: before, to: job.overlayBefore)
      }
    }
    outcome.stopwatch = stopwatch
    return outcome
  }

  private func load(_ job: Job, stopwatch: inout Stopwatch) throws -> LoadedUnary {
    if let network = settings.network {
      return try network.load(
        job, settings.unary.picture, isQuiet: settings.isQuiet, stopwatch: &stopwatch)
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
