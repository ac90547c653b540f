import DeepLabNet
import Evaluation
import Formats
import LatticeSupport
import Unaries

/// How right a network in training is on photographs that it does not learn from: figures of whole
/// images at their own size, as `DatasetEvaluation` has them.
public struct TrainingValidation {
  /// Over all pixels that count.
  public struct Figures: Sendable {
    /// 0…1.
    public let meanIOU: Double
    /// 0…1.
    public let pixelAccuracy: Double
    /// How long it took.
    public let seconds: Double
  }

  enum Outcome {
    case figures(Figures)
    /// The first photograph that has no labels, and why: its scores are not finite, as those of
    /// running statistics may be that have not settled yet. The training is none the worse for it.
    case unscored(InputError)
    case interrupted
  }

  /// Photographs of the split.
  public let images: Int
  /// Those that are looked at, and when.
  public let summary: String
  private let dataset: Dataset
  /// Photographs that are looked at.
  var count: Int { dataset.count }
  private let every: Int
  private let entry: CatalogEntry
  private let network: Network
  private let classes: Int
  private let void: UInt16
  private let parallelism: Parallelism

  /// Reads lists, no photograph yet.
  ///
  /// - Returns: `nil` where the experiment asks for none.
  /// - Throws: `InputError` where there is no such split, or a file of it is not there.
  init?(
    _ experiment: Experiment, _ entry: CatalogEntry, classes: Int, parallelism: Parallelism
  ) throws {
    guard !experiment.validationSplit.isEmpty else { return nil }
    let whole = try experiment.dataset(split: experiment.validationSplit)
    images = whole.count
    let limit = experiment.validationLimit
    dataset = limit > 0 ? whole.thinned(to: limit) : whole
    try dataset.checkPresence()
    every = experiment.validateEvery
    self.entry = entry
    // Nobody asks an auxiliary head for labels.
    network = try entry.make(
      classes: classes, outputStride: experiment.namedStride(), refinement: experiment.refinement)
    self.classes = classes
    void = experiment.loss.ignored
    self.parallelism = parallelism
    summary = "\(dataset.count) photographs of \(experiment.validationSplit)"
  }

  /// Whether figures are wanted after `step` of `total` steps.
  func isDue(at step: Int, of total: Int) -> Bool {
    step == total || every > 0 && step % every == 0
  }

  /// How often they will be after that.
  func timesDue(after step: Int, of total: Int) -> Int {
    guard step < total else { return 0 }
    return every == 0 ? 1 : (total + every - 1) / every - step / every
  }

  /// Reads all photographs once, a few at a time, so that none is found wanting after hours.
  ///
  /// - Parameter parameters: the network's, whatever their values.
  /// - Throws: `InputError` naming the first photograph that cannot be read or does not fit the
  ///   network or the memory, or labels that are not classes.
  func check(_ parameters: any ParameterSource) throws {
    let findings = try look()
    guard findings.contains(where: \.counts) else {
      throw InputError(
        .data, at: "'validationSplit'", "has no pixel that counts: all labels are \(void)",
        remedy: "choose photographs whose pixels are labelled")
    }
    let side = entry.sizes.fitting(Segmenter.defaultSize)
    let prepared = try PreparedNetwork(
      network, parameters: parameters, height: side, width: side)
    var known: Set<GridShape> = []
    for (entry, finding) in zip(dataset.entries, findings)
    where known.insert(finding.grid).inserted {
      do {
        try checkMemory(finding.grid, in: prepared)
      } catch let error as InputError {
        throw error.at(entry.image)
      }
    }
  }

  private func checkMemory(_ grid: GridShape, in prepared: PreparedNetwork) throws {
    try EnergyField.checkMemory(
      grid, labelCount: classes, remedy: "validate on smaller photographs")
    _ = try prepared.plan(
      height: entry.sizes.fitting(grid.height), width: entry.sizes.fitting(grid.width))
  }

  private struct Finding {
    let grid: GridShape
    /// Whether any pixel does.
    let counts: Bool
  }

  private func look() throws -> [Finding] {
    try parallelism.map(dataset.count) { index in
      let sample = try dataset.sample(index, classes: classes, ignoring: void)
      return Finding(
        grid: sample.image.grid, counts: sample.labels.labels.contains { $0 != void })
    }
  }

  /// Labels one photograph after the other with the parameters as they are, which stay so.
  ///
  /// - Parameter progress: told how many photographs are done.
  /// - Throws: `InputError` naming a file that can no longer be read.
  func run(_ trainer: Trainer, progress: (_ done: Int) -> Void) throws -> Outcome {
    let start = ContinuousClock.now
    let scorer = try PhotographScorer(
      entry, network: network, parameters: NamedParameters(trainer.parameters),
      parallelism: parallelism)
    var evaluation = DatasetEvaluation(
      dataset,
      labelledBy: LabelSource(scorer, of: dataset, parallelism: parallelism))
    evaluation.void = void
    var outcome = try evaluation.begin()
    for index in 0..<dataset.count {
      guard !Interruption.isPending else { return .interrupted }
      let sample = try evaluation.read(index, &outcome)
      do {
        try evaluation.add(sample, index, to: &outcome)
      } catch let error as InputError {
        return .unscored(error)
      }
      progress(index + 1)
    }
    let confusion = outcome.counts.before
    // `check` has seen that pixels count.
    return .figures(
      Figures(
        meanIOU: confusion.meanIOU ?? 0, pixelAccuracy: confusion.pixelAccuracy ?? 0,
        seconds: (ContinuousClock.now - start) / .seconds(1)))
  }
}
