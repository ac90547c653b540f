import Evaluation
import Figures
import Foundation
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Tuning
import Unaries

/// What learning came to, on the points that it looked at and on whole images.
struct LearnResult {
  let options: LearningOptions
  let outcome: LearningOutcome
  /// What the learned plan comes to on the whole images learned from.
  let tuned: SearchOutcome.Row
  /// On the whole images held out; `nil` where there are none.
  let heldOut: SearchOutcome.Row?
  let seconds: Double

  /// Learns, from the best setting of a search on.
  ///
  /// - Throws: `InputError` of an image that cannot be used; what is finished is kept.
  init(_ options: LearningOptions, from search: SearchOutcome, _ settings: TuneSettings) throws {
    let start = ContinuousClock.now
    let space = settings.search.space
    let plan = try space.plan(of: search.result.best.setting)
    let learner = try OptionCheck.naming("--learn") {
      try Learner(
        from: plan, on: settings.images, parts: settings.parts, options, ignoring: settings.void,
        state: settings.learningState, parallelism: settings.parallelism)
    }
    let isQuiet = settings.output.quiet
    if learner.foundCount > 0, !isQuiet, let path = settings.learningState?.path {
      StandardError.write("\(path): goes on after \(learner.foundCount) evaluations\n")
    }
    let line = StatusLine()
    var step = 0
    outcome = try learner.run { found in
      if !isQuiet { line.show("step \(step): \(found.words)") }
      step += 1
    }
    if !isQuiet { line.clear() }
    self.options = options
    seconds = (ContinuousClock.now - start) / .seconds(1)
    let model = outcome.model
    let evaluator = try Evaluator(
      settings.images, parts: settings.parts, space: SearchSpace(outcome.plan, []),
      ignoring: settings.void, trimapWidth: settings.trimapWidth,
      parallelism: settings.parallelism)
    func row(part: Int) throws -> SearchOutcome.Row {
      SearchOutcome.Row(
        title: "learned", setting: space.setting(of: model),
        tally: try evaluator.tallies(of: [evaluator.space.given], part: part)[0])
    }
    tuned = try row(part: TuneSettings.tuned)
    heldOut = try settings.isHoldout ? row(part: TuneSettings.heldOut) : nil
  }

  /// The learned model and how it was found, or the plan with it where there are other steps.
  func best(named name: String, in settings: TuneSettings) throws -> JSONValue {
    let space = settings.search.space
    var model = outcome.model
    let count = settings.parts.count { $0 == TuneSettings.tuned }
    model.name = name
    model.source = "crf-tune --learn \(words) on \(count) images"
    return space.isOneCRF
      ? model.json
      : try SearchSpace(outcome.plan, []).plan(of: SearchSpace(outcome.plan, []).given, with: model)
        .json
  }

  /// What was learned, as the option has it.
  var words: String {
    LearnedPart.allCases.filter(options.learned.contains).map(\.rawValue).joined(separator: ",")
  }
}

extension LearningOutcome.Step {
  /// For people.
  fileprivate var words: String {
    func words(_ figures: LearningOutcome.Figures) -> String {
      String(format: "loss %.4f, mean IOU ", figures.loss)
        + EvaluationTable.percent(figures.confusion.meanIOU) + " %"
    }
    return words(training) + (heldOut.map { "; held out " + words($0) } ?? "")
  }
}

/// The loss and the mean IOU of each step.
struct LearnCurve {
  private let curve: [LearningOutcome.Step]

  init(_ outcome: LearningOutcome) { curve = outcome.curve }

  private static let columns = [
    "step", "evaluations", "loss", "mean_iou", "held_out_loss", "held_out_mean_iou",
  ]

  /// A line for each step, below one of names; shares are 0…1.
  func table(_ parameters: [LearnedParameter]) -> String {
    let head = Self.columns + parameters.map { $0.name.contains(",") ? "\"\($0.name)\"" : $0.name }
    let body = curve.enumerated().map { index, step in
      let figures: [Double?] =
        [step.training.loss, step.training.confusion.meanIOU, step.heldOut?.loss]
        + [step.heldOut?.confusion.meanIOU] + step.values
      return ["\(index)", "\(step.evaluations)"] + figures.map { $0.map { "\($0)" } ?? "" }
    }
    return ([head] + body).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// The loss, and below it the mean IOU.
  var drawing: Drawing {
    func chart(_ title: String, _ value: (LearningOutcome.Figures) -> Double?) -> LineChart {
      func series(
        _ name: String, _ figures: (LearningOutcome.Step) -> LearningOutcome.Figures?
      ) -> LineChart.Series {
        LineChart.Series(
          name,
          curve.enumerated().compactMap { index, step in
            figures(step).flatMap(value).map { (x: Double(index), y: $0) }
          })
      }
      let all =
        [series("learned from", \.training)]
        + (curve[0].heldOut == nil ? [] : [series("held out", \.heldOut)])
      return LineChart(
        title: title, x: "steps", y: title, series: all,
        covering: 0...Double(max(1, curve.count - 1)))
    }
    return Drawing(of: [
      chart("loss", \.loss), chart("mean IOU, %") { $0.confusion.meanIOU.map { 100 * $0 } },
    ])
  }
}
