import Evaluation
import Figures
import Formats
import Foundation
import LatticeSupport
import Unaries

/// An image with its labels before and after, the truth, and where they are unlike, in small.
package struct ImageComparison {
  /// What it is called.
  package let name: String
  /// The share of pixels whose label is another than before, 0…1.
  package let changedShare: Double
  /// Of this image alone; `nil` without a truth.
  package let meanIOU: (before: Double?, after: Double?)
  let panels: [PictureGrid.Panel]
  /// How many pixels each label has.
  let counts: (before: [UInt16: Int], after: [UInt16: Int])
  let hasTruth: Bool
  let isRefined: Bool

  /// - Parameters:
  ///   - name: what it is called.
  ///   - image: what labels are shown over; `nil` where there is none.
  ///   - before: the labels as they come.
  ///   - after: the refined labels; `nil` where nothing is refined.
  ///   - truth: the true labels; `nil` where there are none.
  ///   - void: the label of the truth whose pixels do not count.
  ///   - labelCount: L.
  ///   - palette: the colours of labels.
  ///   - most: pixels of a side of a picture.
  /// - Throws: `InputError` where the labels have another number of axes than two, or the truth
  ///   does not fit them.
  package init(
    name: String, over image: Image?, before: LabelMap, after: LabelMap?, truth: LabelMap?,
    void: UInt16, labelCount: Int, palette: Palette, most: Int
  ) throws {
    self.name = name
    hasTruth = truth != nil
    isRefined = after != nil
    let final = after ?? before
    changedShare = Double(final.count(unlike: before)) / Double(max(1, before.grid.count))
    func meanIOU(_ labels: LabelMap) throws -> Double? {
      guard let truth else { return nil }
      var matrix = ConfusionMatrix(labelCount: labelCount)
      try matrix.add(prediction: labels, truth: truth, ignoring: void)
      return matrix.meanIOU
    }
    self.meanIOU = (try meanIOU(before), try after.flatMap(meanIOU))
    counts = (Self.counts(before), Self.counts(final))
    // In colours of 8 bits, as labels are drawn over; others stand alone.
    let base = try image.map { try Picture($0) }
    func labelled(_ labels: LabelMap) throws -> Picture {
      guard let base else { return try Picture(labels, palette) }
      return try Overlay().shown(labels, over: base, palette)
    }
    var panels: [PictureGrid.Panel] = []
    if let base { panels.append(.init("image", base.reduced(to: most))) }
    panels.append(
      .init(after == nil ? "labels" : "labels before", try labelled(before).reduced(to: most)))
    if let after { panels.append(.init("labels after", try labelled(after).reduced(to: most))) }
    if let truth { panels.append(.init("truth", try labelled(truth).reduced(to: most))) }
    if after != nil || truth != nil {
      let marked = try Self.marked(base, before, after, truth, void)
      panels.append(.init(after == nil ? "wrong" : "changed", marked.reduced(to: most)))
    }
    self.panels = panels
  }

  private static func counts(_ labels: LabelMap) -> [UInt16: Int] {
    var counts = [Int](repeating: 0, count: 1 << 16)
    for label in labels.labels { counts[Int(label)] += 1 }
    return Dictionary(
      uniqueKeysWithValues: counts.indices.filter { counts[$0] > 0 }.map {
        (UInt16($0), counts[$0])
      })
  }

  /// What became of a pixel.
  enum Change: CaseIterable {
    case changed, right, wrong, otherwise

    var name: String {
      switch self {
      case .changed: "changed"
      case .right: "now right"
      case .wrong: "wrong"
      case .otherwise: "changed, wrong before and after"
      }
    }

    /// Apart from each other for most people with deficient colour vision.
    var color: Color {
      switch self {
      case .changed: Color(204, 121, 167)
      case .right: Color(0, 158, 115)
      case .wrong: Color(213, 94, 0)
      case .otherwise: Color(240, 228, 66)
      }
    }
  }

  /// What occurs in the last panel.
  var changes: [Change] {
    guard hasTruth else { return isRefined ? [.changed] : [] }
    return isRefined ? [.right, .wrong, .otherwise] : [.wrong]
  }

  private static func change(
    _ before: UInt16, _ after: UInt16?, _ truth: UInt16?, _ void: UInt16
  ) -> Change? {
    guard let truth, truth != void else {
      guard let after, after != before, truth == nil else { return nil }
      return .changed
    }
    guard let after else { return before == truth ? nil : .wrong }
    guard after != before else { return nil }
    return after == truth ? .right : before == truth ? .wrong : .otherwise
  }

  /// The image in light gray, with colours where labels changed or are wrong.
  private static func marked(
    _ base: Picture?, _ before: LabelMap, _ after: LabelMap?, _ truth: LabelMap?, _ void: UInt16
  ) throws -> Picture {
    try Picture(of: before.grid) { point in
      let change = change(
        before.labels[point], after?.labels[point], truth?.labels[point], void)
      if let change { return change.color }
      guard let base else { return Color(235, 235, 235) }
      let sum = (0..<3).reduce(0.0) { $0 + Double(base.rgb[3 * point + $1]) }
      let light = 120 + sum / 3 / 2
      return Color(light, light, light)
    }
  }

  /// The name and the figures.
  var title: String {
    var parts: [String] = []
    switch meanIOU {
    case (let before?, let after?):
      parts.append(String(format: "mean IOU %.1f → %.1f %%", 100 * before, 100 * after))
    case (let before?, nil): parts.append(String(format: "mean IOU %.1f %%", 100 * before))
    default: break
    }
    if isRefined { parts.append(String(format: "%.2f %% of pixels changed", 100 * changedShare)) }
    return ([name] + [parts.joined(separator: ", ")].filter { !$0.isEmpty }).joined(
      separator: ": ")
  }
}

extension Overlay {
  /// Labels over pixels that are known to be of 8 bits.
  fileprivate func shown(
    _ labels: LabelMap, over base: Picture, _ palette: Palette
  ) throws -> Picture {
    try Picture(picture(of: labels, over: base.image, palette: palette))
  }
}

extension PictureGrid {
  /// Comparisons one below the other, with the labels that occur in them and their shares.
  package init(_ comparisons: [ImageComparison], palette: Palette, title: String = "") {
    var (before, after): ([UInt16: Int], [UInt16: Int]) = ([:], [:])
    for comparison in comparisons {
      before.merge(comparison.counts.before, uniquingKeysWith: +)
      after.merge(comparison.counts.after, uniquingKeysWith: +)
    }
    let total = Double(max(1, before.values.reduce(0, +)))
    let isRefined = comparisons.contains(where: \.isRefined)
    let labels = Set(before.keys).union(after.keys).sorted().map { label in
      let name =
        Int(label) < palette.names.count && !palette.names[Int(label)].isEmpty
        ? palette.names[Int(label)] : "\(label)"
      func share(_ counts: [UInt16: Int]) -> String {
        String(format: "%.1f", 100 * Double(counts[label] ?? 0) / total)
      }
      return Entry(
        "\(name) \(share(before))" + (isRefined ? " → \(share(after))" : "") + " %",
        Color(palette.color(of: label)))
    }
    let changes = ImageComparison.Change.allCases.filter { change in
      comparisons.contains { $0.changes.contains(change) }
    }
    // One image may be shown large, in two rows.
    let columns = comparisons.count == 1 ? 3 : 5
    let rows = comparisons.flatMap { comparison in
      stride(from: 0, to: comparison.panels.count, by: columns).map { first in
        Row(
          first == 0 ? comparison.title : "",
          Array(comparison.panels[first...].prefix(columns)))
      }
    }
    self.init(
      title: title, rows: rows,
      legend: labels + changes.map { Entry($0.name, $0.color) })
  }
}
