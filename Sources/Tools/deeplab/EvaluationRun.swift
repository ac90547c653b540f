import Evaluation
import Foundation
import Support
import ToolSupport
import Unaries

/// Compares the labels of one photograph after the other; nothing is kept but counts.
struct EvaluationRun {
  let settings: EvaluateSettings
  let source: any EvaluatedSource

  /// What came of all photographs.
  struct Outcome {
    var counts: EvaluationCounts
    var stopwatch = Stopwatch()
  }

  /// - Throws: `InputError` naming the first file that cannot be used: figures over fewer
  ///   photographs than asked for would be others.
  func run() throws -> Outcome {
    var outcome = Outcome(
      counts: try EvaluationCounts(
        labelCount: source.labelCount, ignoring: Dataset.void, isRefined: settings.crf != nil,
        widths: Array(1..<settings.trimapWidth + 1), boundary: settings.boundary.boundary))
    var progress = Progress(total: settings.dataset.count, isQuiet: settings.isQuiet)
    defer { progress.clear() }
    for index in 0..<settings.dataset.count {
      try add(index, to: &outcome)
      progress.finish(settings.dataset.name(index), summary(outcome.counts))
    }
    return outcome
  }

  private func add(_ index: Int, to outcome: inout Outcome) throws {
    let dataset = settings.dataset
    let sample = try outcome.stopwatch.measure(.read) {
      try dataset.sample(index, classes: source.labelCount, ignoring: Dataset.void)
    }
    let (labels, energies) = try source.labels(
      of: index, sample.image, in: dataset, isQuiet: settings.isQuiet,
      stopwatch: &outcome.stopwatch)
    var after: LabelMap?
    if let crf = settings.crf, let energies {
      after = try Solver(crf).labels(
        refining: energies, on: Scene(sample.image), at: dataset.entries[index].image,
        stopwatch: &outcome.stopwatch)
    }
    do {
      let truth = outcome.counts.measured(sample.labels)
      try outcome.counts.addBefore(labels, truth: truth)
      if let after { try outcome.counts.addAfter(after, truth: truth) }
    } catch let error as InputError {
      // The truth was checked as it was read.
      throw error.at(source.place(of: index, in: dataset))
    }
  }

  private func summary(_ counts: EvaluationCounts) -> String {
    func percent(_ matrix: ConfusionMatrix) -> String {
      String(format: "%.2f %%", 100 * (matrix.meanIOU ?? 0))
    }
    return "mean IOU so far " + percent(counts.before)
      + (counts.after.map { ", refined " + percent($0) } ?? "")
  }
}
