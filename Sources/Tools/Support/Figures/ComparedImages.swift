import Evaluation
import Figures
import Unaries

/// The comparisons of a run that are shown: the worst and the best, and as many as a sheet holds.
package struct ComparedImages {
  /// Images of a sheet; of more, those that changed most.
  package static let mostOnSheet = 48
  /// Of the worst, and of the best.
  private static let mostExtreme = 4
  /// Pixels of a side of a picture on a sheet of many.
  package static let smallSide = 240

  private var sheet: [(place: Int, comparison: ImageComparison)] = []
  /// The worst first.
  private var worst: [ImageComparison] = []
  /// The best first.
  private var best: [ImageComparison] = []
  /// All that came.
  package private(set) var count = 0

  package init() {}

  package mutating func add(_ comparison: ImageComparison) {
    sheet.append((count, comparison))
    count += 1
    if sheet.count > Self.mostOnSheet,
      let least = sheet.indices.min(by: {
        sheet[$0].comparison.changedShare < sheet[$1].comparison.changedShare
      })
    {
      sheet.remove(at: least)
    }
    worst = Array(
      (worst + [comparison]).sorted { Self.value($0) < Self.value($1) }
        .prefix(Self.mostExtreme))
    best = Array(
      (best + [comparison]).sorted { Self.value($0) > Self.value($1) }
        .prefix(Self.mostExtreme))
  }

  /// The mean IOU; where there is no truth, the less has changed the better.
  private static func value(_ comparison: ImageComparison) -> Double {
    comparison.meanIOU.after ?? comparison.meanIOU.before ?? -comparison.changedShare
  }

  /// The contact sheet; `nil` where nothing came.
  package func sheet(_ palette: Palette) -> PictureGrid? {
    guard !sheet.isEmpty else { return nil }
    let title =
      count > sheet.count ? "The \(sheet.count) of \(count) images that changed most" : ""
    return PictureGrid(sheet.map(\.comparison), palette: palette, title: title)
  }

  /// Adds the worst and the best images to a page; all of them where they are few.
  package func add(to page: inout ReportPage, _ palette: Palette) throws {
    guard let first = worst.first else { return }
    let isMeasured = first.hasTruth
    if count <= 2 * Self.mostExtreme {
      page.section(count == 1 ? "The image" : "The images")
      let all =
        isMeasured ? worst + best.reversed().suffix(count - worst.count) : sheet.map(\.comparison)
      try page.figure(
        PictureGrid(all, palette: palette).drawing,
        caption: isMeasured ? "All images, the worst first." : "All images.")
      return
    }
    page.section(isMeasured ? "The worst images" : "The images that changed most")
    try page.figure(
      PictureGrid(worst, palette: palette).drawing,
      caption: isMeasured ? "By mean IOU, the worst first." : "The most changed first.")
    page.section(isMeasured ? "The best images" : "The images that changed least")
    try page.figure(
      PictureGrid(best, palette: palette).drawing,
      caption: isMeasured ? "By mean IOU, the best first." : "The least changed first.")
  }
}

extension ReportPage {
  /// Adds what labels come to against the truth: figures, curves and confusion matrices.
  ///
  /// - Parameters:
  ///   - counts: labels compared with the truth.
  ///   - names: of all classes.
  /// - Throws: `InputError` where a figure cannot be drawn.
  package mutating func add(_ counts: EvaluationCounts, names: [String]) throws {
    section("Against the truth")
    let matrices = [counts.before] + (counts.after.map { [$0] } ?? [])
    let head = [""] + (matrices.count == 1 ? ["labels, %"] : ["before, %", "after, %"])
    func row(_ name: String, _ value: (ConfusionMatrix) -> Double?) -> [String] {
      [name] + matrices.map { EvaluationTable.percent(value($0)) }
    }
    table(
      head: head,
      rows: [
        row("mean IOU", \.meanIOU), row("pixel accuracy", \.pixelAccuracy),
        row("mean class accuracy", \.meanAccuracy),
        row("frequency-weighted IOU", \.frequencyWeightedIOU),
      ] + names.indices.map { label in row(names[label]) { $0.intersectionsOverUnion[label] } })
    if counts.bandsBefore != nil {
      try figure(
        Drawing(of: EvaluationFigures.trimap(counts)),
        caption: "Figures near true boundaries, by the greatest distance to one.")
    }
    guard counts.before.labelCount <= EvaluationFigures.mostConfusionClasses else { return }
    try figure(
      EvaluationFigures.classes(counts, names: names).drawing, caption: "The IOU of each class.")
    for (place, matrix) in matrices.enumerated() {
      try figure(
        EvaluationFigures.confusion(matrix, names: names, isRefined: place > 0).drawing,
        caption: "How the pixels of each true class are labelled"
          + (place > 0 ? " after the CRF." : matrices.count > 1 ? " before the CRF." : "."))
    }
  }
}
