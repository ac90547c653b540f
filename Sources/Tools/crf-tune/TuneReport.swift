import Evaluation
import Foundation
import LatticeSupport
import ToolSupport
import Tuning
import Unaries

/// A search's outcome for people.
struct TuneReport {
  private let outcome: TuneOutcome

  init(_ outcome: TuneOutcome) { self.outcome = outcome }

  var text: String {
    let settings = outcome.settings
    let (tuned, heldOut) = (
      settings.parts.count { $0 == TuneSettings.tuned },
      settings.parts.count { $0 == TuneSettings.heldOut }
    )
    let rounds = outcome.search.result.rounds.map { "\($0.settings.count)" }.joined(
      separator: " + ")
    let images = "images   \(tuned) to tune on\(heldOut > 0 ? ", \(heldOut) held out" : "")"
    let search = """
      search   \(rounds) settings for \(settings.objective.rawValue), \
      \(outcome.madeCount) evaluations in \(String(format: "%.1f", outcome.seconds)) s\
      \(outcome.resumedCount > 0 ? ", \(outcome.resumedCount) found in the state" : "")
      """
    var parts = [settings.search.isSearched ? images + "\n" + search : images]
    if let learned = outcome.learned { parts.append(LearnReport(learned).text) }
    parts.append((heldOut > 0 ? "On the images tuned on:\n" : "") + table(tunedRows))
    if heldOut > 0 { parts.append("On the images held out:\n" + table(heldOutRows)) }
    parts.append(classes(heldOut > 0 ? heldOutRows : tunedRows))
    if let cleanUp = outcome.cleanUp { parts.append(text(of: cleanUp)) }
    parts += remarks
    return parts.joined(separator: "\n\n")
  }

  private var tunedRows: [SearchOutcome.Row] {
    outcome.search.tuned + (outcome.learned.map { [$0.tuned] } ?? [])
  }

  private var heldOutRows: [SearchOutcome.Row] {
    outcome.search.heldOut + (outcome.learned?.heldOut.map { [$0] } ?? [])
  }

  private func table(_ rows: [SearchOutcome.Row]) -> String {
    let space = outcome.settings.search.space
    let symbols = space.parameters.map(\.symbol)
    let width = outcome.settings.trimapWidth
    let hasCRF = space.base != nil
    let head =
      [""] + symbols + (hasCRF ? ["updates"] : [])
      + ["mean IOU, %", "within \(width) px", "accuracy, %"]
    let body = rows.map { row in
      let parameters = zip(space.parameters, row.setting.values).map { parameter, value in
        row.setting.iterations == 0 ? "–" : value.map { parameter.text(of: $0) } ?? "–"
      }
      return [row.title] + parameters
        + (hasCRF ? [row.setting.iterations == 0 ? "–" : "\(row.setting.iterations)"] : [])
        + [
          row.tally.whole.meanIOU, row.tally.band.meanIOU, row.tally.whole.pixelAccuracy,
        ].map(EvaluationTable.percent)
    }
    return TextColumns([.left] + head.dropFirst().map { _ in .right }, rows: [head] + body)
      .lines.joined(separator: "\n")
  }

  /// What was tried of label filters, and what those that pay come to.
  private func text(of cleanUp: CleanUp) -> String {
    let head = ["Clean-ups", "without, %", "with, %", ""]
    let body = cleanUp.outcome.trials.map { trial in
      [
        trial.text, EvaluationTable.percent(trial.before), EvaluationTable.percent(trial.after),
        trial.isKept ? "kept" : "",
      ]
    }
    let table = TextColumns([.left, .right, .right, .left], rows: [head] + body)
      .lines.joined(separator: "\n")
    guard let heldOut = cleanUp.heldOut else { return table }
    func percent(_ tally: Tally) -> String {
      EvaluationTable.percent(try? outcome.settings.objective.value(of: tally))
    }
    return table
      + "\nOn the images held out: \(percent(heldOut.before)) without, "
      + "\(percent(heldOut.after)) with those that are kept."
  }

  /// The IOU of each class: a mean hides that a CRF feeds on small classes.
  private func classes(_ rows: [SearchOutcome.Row]) -> String {
    let rows = Array(rows.prefix(3)) + (outcome.learned == nil ? [] : Array(rows.suffix(1)))
    let names = outcome.settings.palette.names
    let head = ["IOU, %"] + rows.map(\.title)
    let columns = rows.map(\.tally.whole.intersectionsOverUnion)
    let body = columns[0].indices.map { label in
      [EvaluationTable.name(of: label, in: names)]
        + columns.map { EvaluationTable.percent($0[label]) }
    }
    return TextColumns([.left] + rows.map { _ in .right }, rows: [head] + body)
      .lines.joined(separator: "\n")
  }

  private var remarks: [String] {
    let space = outcome.settings.search.space
    let best = zip(space.parameters, outcome.search.result.best.setting.values)
    var remarks = best.compactMap { parameter, value -> String? in
      guard let value, outcome.search.result.parametersAtEnds.contains(parameter) else {
        return nil
      }
      return "The best \(parameter.symbol), \(value.shortText), lies at an end of its range: "
        + "widen \(parameter.place)."
    }
    if outcome.search.isNoBetterThanNone {
      remarks.append(
        "No setting found is better than \(space.base == nil ? "no steps" : "no CRF") at all by this objective; docs/tune.md says what that "
          + "means.")
    }
    if isLearnedNoBetter {
      remarks.append(
        "What was learned is no better than its start by \(outcome.settings.objective.rawValue): "
          + "the loss is another figure, and few images mislead.")
    }
    return remarks.isEmpty ? [] : [remarks.joined(separator: "\n")]
  }

  /// Whether the learned plan is no better than its start by the objective, on the images held out
  /// where there are some.
  private var isLearnedNoBetter: Bool {
    guard outcome.learned != nil else { return false }
    let rows = outcome.settings.isHoldout ? heldOutRows : tunedRows
    func value(_ row: SearchOutcome.Row) -> Double? {
      try? outcome.settings.objective.value(of: row.tally)
    }
    guard let start = value(rows[2]), let learned = rows.last.flatMap(value) else { return false }
    return learned <= start
  }
}
