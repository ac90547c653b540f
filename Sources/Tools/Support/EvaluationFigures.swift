import Evaluation
import Figures
import Foundation
import LatticeSupport

/// Pictures of how labels compare with the truth.
package enum EvaluationFigures {
  /// Cells of more classes are too many to be read as numbers.
  private static let mostNumberedClasses = 32

  /// A picture of more would be of tens of thousands of pixels a side, which nobody can look at.
  package static let mostConfusionClasses = 256

  /// A confusion matrix, each row shaded by the shares of its true class's pixels, with per cent in
  /// its cells.
  ///
  /// - Parameters:
  ///   - matrix: of at most `mostConfusionClasses` classes.
  ///   - names: of all its classes.
  ///   - isRefined: whether the title says that the labels are a CRF's.
  package static func confusion(
    _ matrix: ConfusionMatrix, names: [String], isRefined: Bool = false
  ) -> HeatMap {
    precondition(
      matrix.labelCount <= mostConfusionClasses, "a picture of \(matrix.labelCount) classes")
    let labels = 0..<matrix.labelCount
    let cells = labels.map { truth in
      let total = matrix.occurrences(of: truth)
      return labels.map { prediction -> HeatMap.Cell in
        guard total > 0 else { return HeatMap.Cell(shade: nil, text: "") }
        let share = Double(matrix[truth: truth, prediction: prediction]) / Double(total)
        let text =
          labels.count <= mostNumberedClasses && share >= 0.005
          ? String(format: "%.0f", 100 * share) : ""
        return HeatMap.Cell(shade: share, text: text)
      }
    }
    return HeatMap(
      title: "Pixels of each true class, %" + (isRefined ? ", after the CRF" : ""),
      rowAxis: "true class", columnAxis: "labelled as", rows: names, columns: names, cells: cells,
      scale: HeatMap.Scale(0...100, name: "per cent of the row"))
  }

  /// Mean IOU and pixel accuracy within bands around true boundaries, by the bands' width.
  package static func trimap(_ counts: EvaluationCounts) -> [LineChart] {
    let curves = [
      (counts.after == nil ? "labels" : "before the CRF", counts.bandsBefore),
      ("after the CRF", counts.bandsAfter),
    ].compactMap { name, trimap in trimap.map { (name, $0.bands) } }
    func chart(_ name: String, _ figure: (ConfusionMatrix) -> Double?) -> LineChart {
      LineChart(
        title: "\(name) near true boundaries", x: "greatest distance to a boundary, pixels",
        y: "\(name), %",
        series: curves.map { curve, bands in
          LineChart.Series(
            curve,
            bands.compactMap { band in
              figure(band.confusion).map { (Double(band.width), 100 * $0) }
            })
        })
    }
    return [
      chart("Mean IOU") { $0.meanIOU }, chart("Pixel accuracy") { $0.pixelAccuracy },
    ]
  }

  /// The IOU of each class, before and after where labels are refined.
  package static func classes(_ counts: EvaluationCounts, names: [String]) -> BarChart {
    func bars(_ name: String, _ matrix: ConfusionMatrix) -> BarChart.Series {
      BarChart.Series(name, matrix.intersectionsOverUnion.map { $0.map { 100 * $0 } })
    }
    let after = counts.after.map { [bars("after the CRF", $0)] } ?? []
    return BarChart(
      title: "IOU of each class", axis: "IOU, %", groups: names,
      series: [bars(after.isEmpty ? "labels" : "before the CRF", counts.before)] + after,
      covering: 0...100)
  }
}
