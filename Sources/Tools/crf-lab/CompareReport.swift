import Evaluation
import Figures
import Foundation
import Laboratory
import LatticeSupport
import ToolSupport

/// What a comparison came to: for people, as a table in a file, and as a picture.
struct CompareReport {
  private let outcome: Comparison.Outcome

  init(_ outcome: Comparison.Outcome) { self.outcome = outcome }

  private var models: [String] {
    outcome.rows.reduce(into: []) { if $0.last != $1.model { $0.append($1.model) } }
  }

  var text: String {
    let resumed = outcome.resumedCount
    let first =
      "\(outcome.imageCount) images" + (resumed > 0 ? ", \(resumed) measurements found" : "")
    return ([first] + models.map(table)).joined(separator: "\n\n")
  }

  private func table(of model: String) -> String {
    let head = [
      "", "filter", "build ms", "update ms", "image ms", "MiB", "filter error", "marginal error",
      "equal %", "IOU %", "near %",
    ]
    let rows = outcome.rows.filter { $0.model == model }
    let cells = rows.map { row -> [String] in
      guard row.failure == nil else {
        return ["", row.filter] + [String](repeating: "–", count: head.count - 2)
      }
      return [
        row.isOnFront ? "*" : "", row.filter, String(format: "%.1f", 1e3 * row.build),
        String(format: "%.1f", 1e3 * row.update), String(format: "%.0f", 1e3 * row.seconds),
        row.memory.map { String(format: "%.0f", Double($0) / 1_048_576) } ?? "–",
        row.filterError.map { String(format: "%.1e", $0) } ?? "–",
        row.marginalError.map { String(format: "%.1e", $0) } ?? "–",
        EvaluationTable.percent(row.equalLabels), EvaluationTable.percent(row.meanIOU),
        EvaluationTable.percent(row.nearIOU),
      ]
    }
    let alignments: [TextColumns.Alignment] =
      [.left, .left] + head.dropFirst(2).map { _ in .right }
    let failures = rows.compactMap { row in
      row.failure.map { "\(row.filter) cannot be used: \($0)" }
    }
    return ([model] + TextColumns(alignments, rows: [head] + cells).lines + failures)
      .joined(separator: "\n")
  }

  /// A line for each row, below one of names; shares are 0…1, times seconds.
  var csv: String {
    let head = [
      "model", "filter", "build_seconds", "update_seconds", "image_seconds", "memory_bytes",
      "filter_error", "marginal_error", "equal_labels", "mean_iou", "near_iou", "front", "failure",
    ]
    func field(_ text: String) -> String {
      guard text.contains(where: { ",\"\n".contains($0) }) else { return text }
      return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
    let rows = outcome.rows.map { row -> [String] in
      let shares = [row.filterError, row.marginalError, row.equalLabels, row.meanIOU, row.nearIOU]
      return [row.model, row.filter, "\(row.build)", "\(row.update)", "\(row.seconds)"]
        + [row.memory.map { "\($0)" } ?? ""] + shares.map { $0.map { "\($0)" } ?? "" }
        + ["\(row.isOnFront)", row.failure ?? ""]
    }
    return ([head] + rows).map { $0.map(field).joined(separator: ",") + "\n" }.joined()
  }

  /// The page of `--report`.
  ///
  /// - Throws: `InputError` where a figure cannot be drawn.
  func page(threads: Int) throws -> ReportPage {
    var page = ReportPage(title: "crf-lab compare")
    page.text(
      "\(outcome.imageCount) images. A star marks filters that no other beats in both time and "
        + "error for the same model.")
    for (model, chart) in zip(models, charts) {
      page.section(model)
      page.lines(table(of: model))
      try page.figure(
        chart.drawing, caption: "Error against time, with the front of those that are not beaten.")
      let rows = outcome.rows.filter { $0.model == model && $0.meanIOU != nil }
      guard !rows.isEmpty else { continue }
      try page.figure(
        BarChart(
          title: "Mean IOU", axis: "%", groups: rows.map(\.filter),
          series: [
            .init("whole image", rows.map { $0.meanIOU.map { 100 * $0 } }),
            .init("near true boundaries", rows.map { $0.nearIOU.map { 100 * $0 } }),
          ], covering: 0...100
        ).drawing, caption: "Mean IOU of each filter, whole and near true boundaries.")
    }
    page.run(arguments: ["crf-lab"] + programArguments(), threads: threads)
    return page
  }

  /// A chart for each model.
  var charts: [ScatterChart] {
    models.map { model in
      ScatterChart(
        title: model, x: "seconds for an image", y: "mean error of marginals",
        points: outcome.rows.filter { $0.model == model }.compactMap { row in
          row.marginalError.map {
            ScatterChart.Point(row.filter, x: row.seconds, y: $0, isBest: row.isOnFront)
          }
        })
    }
  }
}

/// A row of a comparison, for programs.
struct CompareJSON: Encodable {
  let model: String
  let filter: String
  let buildSeconds: Double
  let updateSeconds: Double
  let imageSeconds: Double
  let memoryBytes: Int?
  let filterError: Double?
  let marginalError: Double?
  let equalLabels: Double?
  let meanIOU: Double?
  let nearIOU: Double?
  let isOnFront: Bool
  let failure: String?

  init(_ row: Comparison.Row) {
    model = row.model
    filter = row.filter
    buildSeconds = row.build
    updateSeconds = row.update
    imageSeconds = row.seconds
    memoryBytes = row.memory
    filterError = row.filterError
    marginalError = row.marginalError
    equalLabels = row.equalLabels
    meanIOU = row.meanIOU
    nearIOU = row.nearIOU
    isOnFront = row.isOnFront
    failure = row.failure
  }
}
