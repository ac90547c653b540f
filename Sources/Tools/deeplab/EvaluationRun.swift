import Evaluation
import Formats
import Foundation
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// Compares the labels of one photograph after the other; nothing is kept but counts.
struct EvaluationRun {
  let dataset: Dataset
  let source: EvaluatedSource
  /// The label of pixels that do not count.
  var void = Dataset.void
  /// `nil` where labels are compared as they come only.
  var plan: PlanSettings?
  /// In pixels; 0 where boundaries are not looked at.
  var trimapWidth = 0
  var boundary = Trimap.Boundary.labelChanges
  /// How photographs are taken, beside what the data set says of their orientation.
  var picture = PictureSettings()
  let isQuiet: Bool

  /// What came of all photographs.
  struct Outcome {
    var counts: EvaluationCounts
    /// How photographs were taken that are not stored upright.
    var orientations: [OrientationUse] = []
    var stopwatch = Stopwatch()
  }

  /// - Throws: `InputError` naming the first file that cannot be used: figures over fewer
  ///   photographs than asked for would be others.
  func run() throws -> Outcome {
    var outcome = try begin()
    // Before work of hours: nobody may know which way up one of the last ones is.
    _ = try dataset.orientationUses(parallelism: .serial)
    var progress = Progress(total: dataset.count, isQuiet: isQuiet)
    defer { progress.clear() }
    for index in 0..<dataset.count {
      try add(read(index, &outcome), index, to: &outcome)
      progress.finish(dataset.name(index), summary(outcome.counts))
    }
    return outcome
  }

  /// Nothing counted yet.
  func begin() throws -> Outcome {
    Outcome(
      counts: try EvaluationCounts(
        labelCount: source.labelCount, ignoring: void, isRefined: plan != nil,
        widths: Array(1..<trimapWidth + 1), boundary: boundary))
  }

  /// Reads photograph `index` and its labels.
  ///
  /// - Throws: `InputError` naming the file that cannot be used.
  func read(_ index: Int, _ outcome: inout Outcome) throws -> Sample {
    try outcome.stopwatch.measure(.read) {
      let image = try picture.photograph(index, of: dataset)
      let sample = try dataset.sample(
        index, over: image.image, classes: source.labelCount, ignoring: void)
      return Sample(image: image, labels: sample.labels)
    }
  }

  /// A photograph and its true labels.
  struct Sample {
    let image: LoadedImage
    let labels: LabelMap
  }

  /// Counts the labels that photograph `index` is given.
  ///
  /// - Throws: `InputError` naming the file that has none, or that they come from.
  func add(_ sample: Sample, _ index: Int, to outcome: inout Outcome) throws {
    let (labels, energies) = try source.labels(
      of: index, sample.image, isQuiet: isQuiet, stopwatch: &outcome.stopwatch)
    var after: LabelMap?
    outcome.orientations += sample.image.notes.orientation.map { [$0] } ?? []
    if let plan, let energies {
      ColorRange(plan.models).check(sample.image.image, sample.image.notes)
      after = try plan.labels(
        refining: energies, on: Scene(sample.image.image), at: dataset.entries[index].image,
        stopwatch: &outcome.stopwatch)
    }
    do {
      let truth = outcome.counts.measured(sample.labels)
      try outcome.counts.addBefore(labels, truth: truth)
      if let after { try outcome.counts.addAfter(after, truth: truth) }
    } catch let error as InputError {
      // The truth was checked as it was read.
      throw error.at(source.place(of: index))
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
