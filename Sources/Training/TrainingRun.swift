import DeepLabNet
import Evaluation
import Formats
import LatticeSupport
import Unaries

/// Who looks on while a training goes on; every method does nothing unless it is written.
public protocol TrainingObserver: AnyObject {
  /// The share of photographs that were searched for objects or proposals, 0…1.
  func searches(_ share: Double, for examples: ExampleKind)
  /// A step was done.
  func steps(_ pace: TrainingPace)
  /// A validation begins, or another photograph of it was labelled.
  func validates(_ done: Int, of photographs: Int)
  /// A validation came to figures.
  func validated(
    _ figures: TrainingValidation.Figures, at pace: TrainingPace, of photographs: String)
  /// A validation came to none, since a photograph could not be scored; the training goes on.
  func lacksFigures(at step: Int, because error: InputError)
  /// No step follows: all are done, or an interrupt or an error has come; the state is written
  /// next.
  func pauses()
  /// The weights were written.
  func wrote(_ path: String)
  /// All that is to be is written; what is done here is not cut by an interrupt.
  func ends(_ log: TrainingLog) throws
}

extension TrainingObserver {
  /// Does nothing.
  public func searches(_ share: Double, for examples: ExampleKind) {}
  /// Does nothing.
  public func steps(_ pace: TrainingPace) {}
  /// Does nothing.
  public func validates(_ done: Int, of photographs: Int) {}
  /// Does nothing.
  public func validated(
    _ figures: TrainingValidation.Figures, at pace: TrainingPace, of photographs: String
  ) {}
  /// Does nothing.
  public func lacksFigures(at step: Int, because error: InputError) {}
  /// Does nothing.
  public func pauses() {}
  /// Does nothing.
  public func wrote(_ path: String) {}
  /// Does nothing.
  public func ends(_ log: TrainingLog) throws {}
}

/// A training from its first or some later step to its end, or to an interrupt.
///
/// Its folder gets states from which a training goes on bit for bit, a log, and the weights.
public final class TrainingRun {
  /// Everything that the training depends on.
  public let experiment: Experiment
  /// Where results go.
  public let folder: TrainingFolder
  /// The number of classes.
  public let classes: Int
  /// Photographs of the data set.
  public let images: Int
  /// Where the first weights come from, in words.
  public let origin: String
  /// How the photographs are taken that are not stored upright.
  public let orientations: [OrientationUse]
  /// The objects or proposals that are learnt from, in words; `nil` where none are.
  public let exampleSummary: String?
  /// `nil` where nothing is measured but the loss.
  public let validation: TrainingValidation?
  /// Steps in all.
  public var total: Int { trainer.options.steps }
  /// Images of a step.
  public var imagesAStep: Int { experiment.batch * experiment.accumulation }

  /// The processes that train together; `nil` where there is one.
  private let group: (any TrainingGroup)?
  /// Whether it is this process that writes and measures: one of the group does.
  public var isWriter: Bool { (group?.rank ?? 0) == 0 }
  /// Processes that train together.
  public var processes: Int { group?.count ?? 1 }

  private let trainer: Trainer
  private let batches: SampleBatches
  /// What the weights are to say of themselves.
  private let notes: ModelNotes
  /// The fingerprint of the objects or proposals; `nil` where none are learnt from.
  private let examples: String?
  private let parallelism: Parallelism
  private weak var observer: (any TrainingObserver)?

  /// Reads weights and lists, and looks at the photographs that figures are to come from; labels
  /// and photographs that are learnt from are read only to look for objects in them.
  ///
  /// - Parameters:
  ///   - experiment: everything that the training depends on.
  ///   - folder: where results go.
  ///   - saved: what to go on with; `nil` for a new training.
  ///   - group: the processes that train together, each with its share of every batch; they read
  ///     the same files, and one of them writes. `nil` where there is one. How many there are is no
  ///     part of the experiment: a training may go on with more or fewer.
  ///   - parallelism: the threads to use.
  ///   - observer: who looks on; held weakly.
  /// - Throws: `InputError` where network, weights and data set do not fit together, or there are
  ///   more processes than images in a batch.
  public init(
    _ experiment: Experiment, folder: TrainingFolder, resuming saved: TrainingFolder.Saved? = nil,
    group: (any TrainingGroup)? = nil,
    parallelism: Parallelism = .automatic, observer: (any TrainingObserver)? = nil
  ) throws {
    self.experiment = experiment
    self.folder = folder
    self.group = group
    if let group, group.count > experiment.batch {
      throw InputError(
        .usage, at: "'batch'",
        "is \(experiment.batch), but \(group.count) processes are to share the images of a batch",
        remedy: "start as many processes as a batch has images, or fewer")
    }
    self.parallelism = parallelism
    self.observer = observer
    let dataset = try experiment.dataset(split: experiment.split)
    images = dataset.count
    classes = try saved?.header.classes ?? Self.classes(experiment, dataset)
    let entry = try NetworkCatalog.entry(named: experiment.model)
    validation = try TrainingValidation(
      experiment, entry, classes: classes, parallelism: parallelism)
    try saved?.header.check(
      images: images, validation: validation?.images, at: experiment.data)
    try dataset.checkPresence()
    if saved == nil, (group?.rank ?? 0) == 0 {
      try Self.checkLabels(experiment, dataset, classes, parallelism)
    }
    orientations = try Array(dataset.orientationUses(parallelism: parallelism).values)
    let names = dataset.classNames
    notes = ModelNotes(
      network: experiment.model, classNames: names?.count == classes ? names : nil,
      refinement: experiment.refinement.isNone ? nil : experiment.refinement)
    let network = try entry.make(
      classes: classes, outputStride: experiment.namedStride(),
      withAuxiliaryHead: experiment.auxiliaryHead, refinement: experiment.refinement,
      isTrained: true)
    let initial = InitialParameters(for: network, seed: experiment.seed)
    var parameters: any ParameterSource = initial
    var origin = "at random"
    if saved == nil, !experiment.weights.isEmpty {
      (parameters, origin) = try Self.beginning(experiment, network, initial: initial)
    }
    let boxes = try experiment.boxExamples(
      in: dataset, classes: classes, parallelism: parallelism
    ) { observer?.searches($0, for: experiment.examples) }
    examples = boxes?.fingerprint
    exampleSummary = boxes.map(experiment.summary)
    try saved?.header.check(examples: examples, at: experiment.data)
    trainer = try Trainer(
      network, parameters: parameters, resize: entry.resize,
      options: experiment.trainerOptions(images: boxes?.count ?? images), group: group,
      parallelism: parallelism)
    let (height, width) = experiment.typicalSize(for: entry.sizes)
    try trainer.check(batch: experiment.batch, height: height, width: width)
    if let saved {
      try trainer.restore(stepsDone: saved.header.step) { try saved.checkpoint.values(of: $0) }
      origin = "step \(saved.header.step) of \(folder.state)"
    }
    self.origin = origin
    try validation?.check(NamedParameters(trainer.parameters))
    batches = try SampleBatches(
      dataset, examples: boxes, classes: classes, ignoring: experiment.loss.ignored,
      drawing: SampleDrawing(
        batch: experiment.batch, seed: experiment.seed, augmentation: experiment.augmentation(),
        share: group?.share(of: experiment.batch)),
      preprocessing: entry.preprocessing,
      startingAt: trainer.stepsDone * experiment.accumulation)
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
        remedy: "say how many there are, name them, or add a classes.txt to \(experiment.data)")
    }
    return names.count
  }

  /// Trains to the end. An interrupt saves the state first, and so does an error, unless it is that
  /// the training has diverged: then the last state is better than the present one.
  ///
  /// - Throws: `InputError` naming the file that cannot be used or written, or where the training
  ///   has diverged.
  public func run() throws {
    do {
      try train()
    } catch let divergence as Divergence {
      // All have found it; the one that writes says so, which ends the others.
      if !isWriter { agree(on: false) }
      throw divergence.error
    }
  }

  private func train() throws {
    var log = isWriter ? try TrainingLog(at: folder.log, from: trainer.stepsDone) : nil
    var pace = TrainingPace(total, done: trainer.stepsDone, imagesAStep: imagesAStep)
    try Interruption.whileWriting {
      var saved = trainer.stepsDone
      func save() throws {
        guard isWriter else { return }
        guard trainer.stepsDone > saved || !FolderListing.exists(folder.state) else { return }
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
        try validate(&pace, &log)
        while trainer.stepsDone < total, !agree(on: Interruption.isPending) {
          try step(&pace, &log)
          if trainer.stepsDone % experiment.checkpointEvery == 0 { try save() }
          try validate(&pace, &log)
        }
      } catch {
        observer?.pauses()
        // What was learned before the error is kept; the error is what the user needs to see.
        if !(error is Divergence) { try? save() }
        throw error
      }
      observer?.pauses()
      try save()
      guard let log else { return }
      if trainer.stepsDone >= total {
        try folder.writeWeights(trainer, notes: notes)
        observer?.wrote(folder.weights)
      }
      try observer?.ends(log)
    }
  }

  /// Whether any of the processes says so: all of them come to the same answer.
  @discardableResult
  private func agree(on isSo: Bool) -> Bool {
    guard let group else { return isSo }
    var count = isSo ? 1.0 : 0
    withUnsafeMutablePointer(to: &count) {
      group.sum(UnsafeMutableBufferPointer(start: $0, count: 1))
    }
    return count > 0
  }

  private func step(_ pace: inout TrainingPace, _ log: inout TrainingLog?) throws {
    let parts = try (0..<experiment.accumulation).map { _ in try batches.next() }
    let report = try trainer.step(parts)
    guard report.loss.isFinite else {
      throw divergence("the loss is no longer finite at step \(trainer.stepsDone)")
    }
    pace.add(report)
    observer?.steps(pace)
    let step = trainer.stepsDone
    if step % experiment.logEvery == 0 || step == total
      || validation?.isDue(at: step, of: total) == true
    {
      try log?.add(pace.line())
    }
  }

  /// Adds figures to the line of this step, where it is to have any and has none yet.
  private func validate(_ pace: inout TrainingPace, _ log: inout TrainingLog?) throws {
    let step = trainer.stepsDone
    guard let validation, validation.isDue(at: step, of: total),
      log?.awaitsFigures(of: step) == true, !Interruption.isPending
    else { return }
    try checkParameters()
    let outcome = try pace.validating(left: validation.timesDue(after: step, of: total)) {
      observer?.validates(0, of: validation.count)
      return try validation.run(trainer) { observer?.validates($0, of: validation.count) }
    }
    switch outcome {
    case .figures(let figures):
      try log?.add(figures)
      observer?.validated(figures, at: pace, of: validation.summary)
    case .unscored(let error): observer?.lacksFigures(at: step, because: error)
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
        remedy: "begin with a smaller rate ('schedule.base'); the last state that was saved is kept"
      ))
  }
}
