import Evaluation
import LatticeSupport
import ToolSupport
import Unaries

/// What gives each photograph its labels.
protocol EvaluatedSource {
  /// The number of classes.
  var labelCount: Int { get }
  /// The labels of photograph `index`, and the energies that they have come of, for a CRF.
  ///
  /// - Throws: `InputError` naming the file that cannot be used.
  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?)
  /// The file that the labels of photograph `index` come from.
  func place(of index: Int, in dataset: Dataset) -> String
}

/// A network's labels.
struct NetworkSource: EvaluatedSource {
  private let scorer: NetworkScorer
  private let parallelism: Parallelism
  /// What a report says of it; `nil` for a network that is still in training.
  let report: NetworkReport?

  init(_ network: LoadedNetwork, parallelism: Parallelism) {
    scorer = network.scorer
    self.parallelism = parallelism
    report = NetworkReport(network)
  }

  init(inTraining scorer: NetworkScorer, parallelism: Parallelism) {
    self.scorer = scorer
    self.parallelism = parallelism
    report = nil
  }

  var labelCount: Int { scorer.classCount }

  func place(of index: Int, in dataset: Dataset) -> String { dataset.entries[index].image }

  func labels(
    of index: Int, _ image: LoadedImage, in dataset: Dataset, isQuiet: Bool,
    stopwatch: inout Stopwatch
  ) throws -> (labels: LabelMap, energies: EnergyField?) {
    let path = dataset.entries[index].image
    let scores = try scorer.scores(
      for: image, at: path, isQuiet: isQuiet, stopwatch: &stopwatch)
    let energies = try scorer.energies(
      of: scores, for: Scene(image.image), at: path, stopwatch: &stopwatch)
    return (energies.labels(parallelism: parallelism), energies)
  }
}
