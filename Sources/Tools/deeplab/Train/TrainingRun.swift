import DeepLabNet
import Evaluation
import Formats
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

/// A training from its first or some later step to its end, or to an interrupt.
struct TrainingRun {
  private let experiment: Experiment
  private let folder: TrainingFolder
  private let classes: Int
  private let trainer: Trainer
  private let batches: SampleBatches
  /// What the weights are to say of themselves.
  private let notes: ModelNotes
  /// Photographs of the data set.
  private let images: Int
  /// The fingerprint of the objects or proposals; `nil` where none are learnt from.
  private let examples: String?
  private let parallelism: Parallelism
  /// `nil` where nothing is measured but the loss.
  private let validation: TrainingValidation?
  private let isQuiet: Bool
  /// What is printed before the first step.
  private let title: String

  /// Reads weights and lists, and looks at the photographs that figures are to come from; labels
  /// and photographs that are learnt from are read only to look for objects in them.
  ///
  /// - Parameter saved: what to go on with; `nil` for a new training.
  /// - Throws: `InputError` where network, weights and data set do not fit together.
  init(
    _ experiment: Experiment, folder: TrainingFolder, resuming saved: TrainingFolder.Saved?,
    parallelism: Parallelism, isQuiet: Bool
  ) throws {
    self.experiment = experiment
    self.folder = folder
    self.parallelism = parallelism
    self.isQuiet = isQuiet
    let dataset = try experiment.dataset(split: experiment.split)
    images = dataset.count
    classes = try saved?.header.classes ?? Self.classes(experiment, dataset)
    let entry = try NetworkCatalog.entry(named: experiment.model)
    validation = try TrainingValidation(
      experiment, entry, classes: classes, parallelism: parallelism)
    try saved?.header.check(
      images: images, validation: validation?.images, at: experiment.data)
    try dataset.checkPresence()
    if saved == nil { try Self.checkLabels(experiment, dataset, classes, parallelism) }
    let turns = OrientationCounts(
      try dataset.orientationUses(parallelism: parallelism).values)
    let names = dataset.classNames
    notes = ModelNotes(
      network: experiment.model, classNames: names?.count == classes ? names : nil)
    let network = try entry.make(
      classes: classes, outputStride: experiment.namedStride(),
      withAuxiliaryHead: experiment.auxiliaryHead)
    let initial = InitialParameters(for: network, seed: experiment.seed)
    var parameters: any ParameterSource = initial
    var origin = "at random"
    if saved == nil, !experiment.weights.isEmpty {
      (parameters, origin) = try Self.beginning(experiment, network, initial: initial)
    }
    let boxes = try experiment.boxExamples(
      in: dataset, classes: classes, parallelism: parallelism, isQuiet: isQuiet)
    examples = boxes?.fingerprint
    try saved?.header.check(examples: examples, at: experiment.data)
    trainer = try Trainer(
      network, parameters: parameters, resize: entry.resize,
      options: experiment.trainerOptions(images: boxes?.count ?? images), parallelism: parallelism)
    let (height, width) = experiment.typicalSize(for: entry.sizes)
    try trainer.check(batch: experiment.batch, height: height, width: width)
    if let saved {
      try trainer.restore(stepsDone: saved.header.step) { try saved.checkpoint.values(of: $0) }
      origin = "step \(saved.header.step) of \(folder.state)"
    }
    try validation?.check(NamedParameters(trainer.parameters))
    batches = try SampleBatches(
      dataset, examples: boxes, classes: classes, ignoring: experiment.loss.ignored,
      drawing: SampleDrawing(
        batch: experiment.batch, seed: experiment.seed, augmentation: experiment.augmentation()),
      preprocessing: entry.preprocessing,
      startingAt: trainer.stepsDone * experiment.accumulation)
    let lines = [
      "network  \(entry.name), \(classes) classes", "weights  \(origin)",
      "data     \(experiment.data): \(images) photographs", turns.line, boxes.map(experiment.title),
      "figures  \(validation.map { "mean IOU of " + $0.summary } ?? "the loss alone")",
      "steps    \(trainer.options.steps) of \(experiment.batch * experiment.accumulation) images",
    ]
    title = lines.compactMap { $0 }.joined(separator: "\n") + "\n"
  }

  /// Makes sure that there is something to learn, and warns of classes that are nowhere.
  ///
  /// - Throws: `InputError` where a single class occurs in all labels, or none.
  private static func checkLabels(
    _ experiment: Experiment, _ dataset: Dataset, _ classes: Int, _ parallelism: Parallelism
  ) throws {
    guard
      let oddity = dataset.truthOddity(
        classes: classes, ignoring: experiment.loss.ignored, parallelism: parallelism)
    else { return }
    let names = dataset.classNames ?? []
    switch oddity {
    case .absent: oddity.report(at: experiment.data, naming: names)
    case .nothingCounts, .singleClass: throw oddity.error(at: experiment.data, naming: names)
    }
  }

  /// The parameters of the checkpoint to begin with, and what is said of them.
  private static func beginning(
    _ experiment: Experiment, _ network: Network, initial: InitialParameters
  ) throws -> (any ParameterSource, String) {
    func given(_ text: String) -> String? { text.isEmpty ? nil : text }
    let file = try CheckpointFile.open(
      experiment.weights, state: given(experiment.weightsState),
      prefix: given(experiment.weightsPrefix))
    let mapped = try MappedCheckpoint(network, in: file, missing: .allowed(initial: initial))
    let missing = mapped.missingNames
    let leftOut = mapped.unusedHeads + mapped.extraTensors
    let origin =
      experiment.weights + (file.state.map { ", \(visibleText($0))" } ?? "")
      + (missing.isEmpty ? "" : ", without \(missing.joined(separator: ", "))")
      + (leftOut.isEmpty ? "" : "\n         left out: \(CheckpointFile.summary(of: leftOut))")
    return (mapped, origin)
  }

  private static func classes(_ experiment: Experiment, _ dataset: Dataset) throws -> Int {
    if experiment.classes > 0 { return experiment.classes }
    guard let names = dataset.classNames else {
      throw InputError(
        .usage, at: "'classes'", "is missing, and the data set does not name its classes",
        remedy: "add --class-names, --set classes=N, or a classes.txt to \(experiment.data)")
    }
    return names.count
  }

  /// Trains to the end. An interrupt saves the state first, and so does an error, unless it is that
  /// the training has diverged: then the last state is better than the present one.
  func run() throws {
    if !isQuiet { StandardError.write(title) }
    do {
      try train()
    } catch let divergence as Divergence {
      throw divergence.error
    }
  }

  private var total: Int { trainer.options.steps }

  private func train() throws {
    var log = try TrainingLog(at: folder.log, from: trainer.stepsDone)
    var progress = TrainingProgress(
      total, done: trainer.stepsDone,
      imagesAStep: experiment.batch * experiment.accumulation, isQuiet: isQuiet)
    try Interruption.whileWriting {
      var saved = trainer.stepsDone
      func save() throws {
        guard trainer.stepsDone > saved || !FileSystem.exists(folder.state) else { return }
        try checkParameters()
        try folder.write(
          trainer,
          TrainingHeader(
            experiment: experiment, step: trainer.stepsDone, classes: classes, images: images,
            validationImages: validation?.images, examples: examples),
          notes: notes)
        saved = trainer.stepsDone
      }
      do {
        // The state may be of a step whose figures an interrupt or an error has cut short.
        try validate(&progress, &log)
        while trainer.stepsDone < total, !Interruption.isPending {
          try step(&progress, &log)
          if trainer.stepsDone % experiment.checkpointEvery == 0 { try save() }
          try validate(&progress, &log)
        }
      } catch {
        progress.end()
        // What was learned before the error is kept; the error is what the user needs to see.
        if !(error is Divergence) { try? save() }
        throw error
      }
      progress.end()
      try save()
      try finish(log)
    }
  }

  private func step(_ progress: inout TrainingProgress, _ log: inout TrainingLog) throws {
    let parts = try (0..<experiment.accumulation).map { _ in try batches.next() }
    let report = try trainer.step(parts)
    guard report.loss.isFinite else {
      throw divergence("the loss is no longer finite at step \(trainer.stepsDone)")
    }
    progress.add(report)
    let step = trainer.stepsDone
    if step % experiment.logEvery == 0 || step == total
      || validation?.isDue(at: step, of: total) == true
    {
      try log.add(progress.line())
    }
  }

  /// Adds figures to the line of this step, where it is to have any and has none yet.
  private func validate(_ progress: inout TrainingProgress, _ log: inout TrainingLog) throws {
    let step = trainer.stepsDone
    guard let validation, validation.isDue(at: step, of: total), log.awaitsFigures(of: step),
      !Interruption.isPending
    else { return }
    try checkParameters()
    let outcome = try progress.validating(left: validation.timesDue(after: step, of: total)) {
      try validation.run(trainer, isQuiet: isQuiet)
    }
    switch outcome {
    case .figures(let figures):
      try log.add(figures)
      progress.show(figures, of: validation.summary)
    case .unscored(let error):
      StandardError.write(
        "step \(step) has no figures: \((error as? InputError)?.programText ?? "\(error)")\n")
    case .interrupted: break
    }
  }

  /// A state that is no good must not replace one that is.
  private func checkParameters() throws {
    for (name, values) in trainer.state where !values.areFinite(parallelism: parallelism) {
      throw divergence("\(name) is no longer finite at step \(trainer.stepsDone)")
    }
  }

  /// The training has left all finite numbers: its parameters are not worth keeping.
  private struct Divergence: Error {
    let error: InputError
  }

  private func divergence(_ problem: String) -> Divergence {
    Divergence(
      error: InputError(
        .data, at: folder.path, problem,
        remedy:
          "begin with a smaller rate (--set schedule.base=…); the last state that was saved is kept"
      ))
  }

  private func finish(_ log: TrainingLog) throws {
    // The picture last: one that cannot be written must not cost the weights.
    if trainer.stepsDone >= total {
      try folder.writeWeights(trainer, notes: notes)
      if !isQuiet { StandardError.write("wrote    \(folder.weights)\n") }
    }
    let curve = TrainingCurve(
      model: experiment.model, validation: validation?.summary, lines: log.lines)
    if let picture = try curve.picture() { try PNG.write(picture, to: folder.curve) }
  }
}
