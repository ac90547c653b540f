import Evaluation
import Lattice
import MeanField
import Support
import Unaries

/// Refines one file of scores: reads, infers, and writes when everything else has succeeded.
struct Refiner {
  let settings: Settings

  func refine(_ job: Job) throws -> Outcome {
    var stopwatch = Stopwatch()
    let loaded = try settings.unary.load(
      job, parallelism: settings.parallelism, stopwatch: &stopwatch)
    let scene = loaded.scene
    try checkPictures(job, scene: scene)
    let before = stopwatch.measure(.unary) {
      loaded.energies.labels(parallelism: settings.parallelism)
    }
    var outcome = Outcome(
      job: job, grid: scene.grid, image: scene.image.map { ImageSummary($0) },
      labelCount: loaded.energies.labelCount, unary: loaded.summary)
    // Compared before the inference, so that a truth that does not fit is refused at once.
    let truth = try stopwatch.measure(.read) { try readTruth(job) }
    outcome.evaluation = try truth.map { try evaluate(before, $0, outcome) }

    let progress = settings.exact != nil && !settings.isQuiet ? InferenceProgress() : nil
    defer { progress?.clear() }
    let crf = try stopwatch.measure(.filters) {
      do {
        return try makeCRF(
          scene, loaded.energies, report: &outcome.features, progress: progress)
      } catch let error as InputError {
        throw error.at(job.unary)
      }
    }
    let marginals = infer(crf, outcome: &outcome, stopwatch: &stopwatch)
    progress?.clear()
    let after = marginals.labels
    outcome.changedShare = share(of: after, unlike: before)
    if let truth {
      try outcome.evaluation?.addAfter(after, truth: truth, void: settings.void)
    }
    try stopwatch.measure(.write) {
      try Interruption.whileWriting {
        try OutputWriter(job: job, image: scene.image, palette: settings.palette)
          .write(marginals, labels: after, before: before)
      }
    }
    outcome.stopwatch = stopwatch
    return outcome
  }

  /// - Throws: `InputError` where an output is a picture that cannot be drawn.
  private func checkPictures(_ job: Job, scene: Scene) throws {
    if let labels = job.labels, scene.grid.rank != 2, try !LabelFile.writesArray(labels) {
      throw InputError(
        .usage, at: labels, "is to be a picture, but the scores lie on a grid of \(scene.grid)",
        remedy: "name it .npy, or write --marginals instead")
    }
    guard let overlay = job.overlay ?? job.overlayBefore, let image = scene.image else { return }
    do {
      try Overlay.check(image)
    } catch let error as InputError {
      throw error.at(overlay)
    }
  }

  private func readTruth(_ job: Job) throws -> LabelMap? {
    try job.groundTruth.map { try LabelFile.read($0, palette: settings.palette) }
  }

  private func evaluate(
    _ before: LabelMap, _ truth: LabelMap, _ outcome: Outcome
  ) throws -> Evaluation {
    do {
      var evaluation = try Evaluation(labelCount: outcome.labelCount, settings: settings)
      try evaluation.addBefore(before, truth: truth, void: settings.void)
      return evaluation
    } catch let error as InputError {
      throw error.at(outcome.job.groundTruth ?? "--ground-truth")
    }
  }

  private func makeCRF(
    _ scene: Scene, _ energies: EnergyField, report: inout [FeatureReport],
    progress: InferenceProgress?
  ) throws -> DenseCRF {
    let terms = try settings.kernels.map { description in
      let kernel: any PairwiseKernel
      do {
        kernel = try description.kernel(on: scene.grid)
        if let features = kernel as? FeatureKernel {
          report.append(
            FeatureReport(
              kernel: description.description, dimensions: features.dimensions,
              explainedVariance: features.explainedVariance))
        }
      } catch let error as InputError {
        throw error.at("--kernel \(description)")
      }
      return PairwiseTerm(
        kernel, weight: description.weight, normalization: settings.normalization,
        selfTerm: settings.selfTerm)
    }
    do {
      return try DenseCRF(
        scene: scene, unary: energies, terms: terms, backend: backend(progress),
        parallelism: settings.parallelism)
    } catch let error as PairwiseTermError {
      let preset = settings.presetName.map { " of the preset '\($0)'" } ?? ""
      let place = "--kernel \(settings.kernels[error.index])\(preset)"
      if let cause = error.cause as? InputError { throw cause.at(place) }
      throw InputError(.data, "\(error.cause)").within(place)
    }
  }

  /// The settings' backend, which tells `progress` how far it has come where it takes long.
  private func backend(_ progress: InferenceProgress?) -> any FilterBackend {
    guard let exact = settings.exact, let progress else { return settings.backend }
    let updates = settings.iterations + (settings.printsJSON ? settings.iterations + 1 : 0)
    // Each term is applied once to find its normaliser, and once to bound what it skips.
    let preparations = (settings.normalization == .none ? 0 : 1) + (exact.threshold > 0 ? 1 : 0)
    return exact.backend(
      progress: FilterProgress(applications: max(1, updates + preparations)) { progress.show($0) })
  }

  private func infer(
    _ crf: DenseCRF, outcome: inout Outcome, stopwatch: inout Stopwatch
  ) -> Marginals {
    guard settings.printsJSON || settings.tolerance > 0 || settings.exact != nil else {
      // Where nobody looks at the marginals in between, they need not be written.
      outcome.iterations = settings.iterations
      return stopwatch.measure(.inference) { crf.marginals(iterations: settings.iterations) }
    }
    let inference = stopwatch.measure(.inference) { crf.startInference() }
    // Each energy costs a filtering, so they are computed only where they are printed.
    func noteEnergy() {
      guard settings.printsJSON else { return }
      outcome.energies.append(
        stopwatch.measure(.energies) { crf.energy(of: inference.marginals) })
    }
    noteEnergy()
    while inference.iteration < settings.iterations {
      stopwatch.measure(.inference) { inference.step() }
      noteEnergy()
      if inference.largestChange < settings.tolerance { break }
    }
    outcome.iterations = inference.iteration
    outcome.largestChange = inference.largestChange
    outcome.exact = settings.exact.map {
      ExactReport(
        settings: $0, skipped: crf.skippedPairs, errorBound: inference.errorBound)
    }
    return inference.marginals
  }

  private func share(of labels: LabelMap, unlike other: LabelMap) -> Double {
    let changed = zip(labels.labels, other.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
    return Double(changed) / Double(labels.labels.count)
  }
}
