import Foundation

/// Figures in columns, for people: before and after, or only as they are.
public struct EvaluationTable {
  private let counts: EvaluationCounts
  private let names: [String]
  private let isDetailed: Bool
  private let areBandsThinned: Bool
  /// More would hide the figures of the whole.
  private static let mostBands = 6

  private typealias Row = (name: String, before: Double?, after: Double?)

  /// - Parameters:
  ///   - counts: what the figures are of.
  ///   - names: of classes; those that are missing have numbers only.
  ///   - isDetailed: whether the mean class accuracy and the frequency-weighted IOU are shown too.
  ///   - areBandsThinned: whether of many bands near boundaries only those of doubled widths are
  ///     shown, for widths that nobody has listed one by one.
  public init(
    _ counts: EvaluationCounts, names: [String], isDetailed: Bool = false,
    areBandsThinned: Bool = false
  ) {
    self.counts = counts
    self.areBandsThinned = areBandsThinned
    self.names = names
    self.isDetailed = isDetailed
  }

  /// A line for each class and each figure over all of them, in per cent.
  public var text: String {
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
    let widths =
      !areBandsThinned || before.count <= Self.mostBands
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
    guard counts.after != nil else { return name + Self.cell(row.before) }
    let change =
      if let before = row.before, let after = row.after {
        String(format: "%+8.2f", 100 * (after - before))
      } else {
        "       –"
      }
    return name + Self.cell(row.before) + Self.cell(row.after) + change
  }

  private static func cell(_ value: Double?) -> String {
    let text = percent(value)
    return String(repeating: " ", count: 8 - text.count) + text
  }

  private func name(of label: Int) -> String { Self.name(of: label, in: names) }

  /// A share of 0…1 in per cent, to two digits; a dash where there is none.
  public static func percent(_ share: Double?) -> String {
    share.map { String(format: "%.2f", 100 * $0) } ?? "–"
  }

  /// A class by its number and, where it has one, its name.
  public static func name(of label: Int, in names: [String]) -> String {
    let name = label < names.count ? names[label] : ""
    return name.isEmpty ? "\(label)" : "\(label) \(name)"
  }
}
