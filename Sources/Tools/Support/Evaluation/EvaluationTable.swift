import Evaluation
import Foundation

/// Figures in columns: before and after, or only as they are.
package struct EvaluationTable {
  private let counts: EvaluationCounts
  private let names: [String]
  private let isDetailed: Bool
  /// More would hide the figures of the whole.
  private static let mostBands = 6

  private typealias Row = (name: String, before: Double?, after: Double?)

  /// - Parameters:
  ///   - counts: what the figures are of.
  ///   - names: of classes; those that are missing have numbers only.
  ///   - isDetailed: whether the mean class accuracy and the frequency-weighted IOU are shown too.
  package init(_ counts: EvaluationCounts, names: [String], isDetailed: Bool = false) {
    self.counts = counts
    self.names = names
    self.isDetailed = isDetailed
  }

  package var text: String {
    var rows = counts.before.intersectionsOverUnion.indices.map { label in
      row(name(of: label)) { $0.intersectionsOverUnion[label] }
    }
    rows.append(row("mean IOU") { $0.meanIOU })
    rows += bands
    if isDetailed { rows.append(row("frequency-weighted IOU") { $0.frequencyWeightedIOU }) }
    rows.append(row("pixel accuracy") { $0.pixelAccuracy })
    if isDetailed { rows.append(row("mean class accuracy") { $0.meanAccuracy }) }
    let width = max(14, rows.map(\.name.count).max() ?? 0)
    let head = "IOU, %".padding(toLength: width, withPad: " ", startingAt: 0)
    return
      ([counts.after == nil ? "IOU, %" : head + "  before   after  change"]
      + rows.map { line($0, width: width) }).joined(separator: "\n")
  }

  private func row(_ name: String, _ figure: (ConfusionMatrix) -> Double?) -> Row {
    (name, figure(counts.before), counts.after.flatMap(figure))
  }

  private var bands: [Row] {
    guard let before = counts.bandsBefore?.bands else { return [] }
    let after = counts.bandsAfter?.bands
    // Of many bands, those of doubled widths.
    let widths =
      before.count <= Self.mostBands
      ? Set(before.map(\.width)) : [1, 2, 4, 8, 16, 32, before[before.count - 1].width]
    return before.indices.filter { widths.contains(before[$0].width) }.map {
      (
        "  within \(before[$0].width) px", before[$0].confusion.meanIOU,
        after?[$0].confusion.meanIOU
      )
    }
  }

  private func line(_ row: Row, width: Int) -> String {
    let name = row.name.padding(toLength: width, withPad: " ", startingAt: 0)
    guard counts.after != nil else { return name + Self.percent(row.before) }
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
    let name = label < names.count ? names[label] : ""
    return name.isEmpty ? "\(label)" : "\(label) \(name)"
  }
}
