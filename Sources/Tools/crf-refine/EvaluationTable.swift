import Evaluation
import Foundation
import Unaries

/// Intersections over union before and after, in columns.
struct EvaluationTable {
  let evaluation: Evaluation
  let palette: Palette

  var text: String {
    var rows = zip(
      evaluation.before.intersectionsOverUnion, evaluation.after.intersectionsOverUnion
    ).enumerated().map { label, values in (name(of: label), values.0, values.1) }
    rows.append(("mean IOU", evaluation.before.meanIOU, evaluation.after.meanIOU))
    if let before = evaluation.bandsBefore, let after = evaluation.bandsAfter {
      for (before, after) in zip(before.bands, after.bands) {
        rows.append(
          ("  within \(before.width) px", before.confusion.meanIOU, after.confusion.meanIOU))
      }
    }
    rows.append(
      ("pixel accuracy", evaluation.before.pixelAccuracy, evaluation.after.pixelAccuracy))
    let width = max(14, rows.map(\.0.count).max() ?? 0)
    let head = "IOU, %".padding(toLength: width, withPad: " ", startingAt: 0)
    return ([head + "  before   after  change"] + rows.map { line($0, width: width) })
      .joined(separator: "\n")
  }

  private func line(_ row: (name: String, before: Double?, after: Double?), width: Int) -> String {
    let name = row.name.padding(toLength: width, withPad: " ", startingAt: 0)
    let change =
      if let before = row.before, let after = row.after {
        String(format: "%+8.2f", 100 * (after - before))
      } else {
        "       –"
      }
    return name + Self.percent(row.before) + Self.percent(row.after) + change
  }

  private static func percent(_ value: Double?) -> String {
    value.map { String(format: "%8.2f", 100 * $0) } ?? "       –"
  }

  private func name(of label: Int) -> String {
    let name = label < palette.names.count ? palette.names[label] : ""
    return name.isEmpty ? "\(label)" : "\(label) \(name)"
  }
}
