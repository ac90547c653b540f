import LatticeSupport
import ToolSupport
import Unaries

/// The picture of a training: its loss, and below it the mean IOU where it was measured.
struct TrainingCurve {
  let model: String
  /// The photographs that figures come from; `nil` where there are none.
  let validation: String?
  let lines: [TrainingLog.Line]

  /// - Returns: `nil` where there are too few lines to draw.
  /// - Throws: `InputError` where the picture is too large for memory.
  func picture() throws -> Image? {
    let places = lines.map { Double($0.step) }
    guard lines.count > 1, let first = places.min(), let last = places.max() else { return nil }
    let steps = first...last
    func chart(_ title: String, _ figure: String, _ value: (TrainingLog.Line) -> Double?)
      -> LineChart
    {
      let points = lines.compactMap { line in value(line).map { (x: Double(line.step), y: $0) } }
      return LineChart(
        title: title, x: "steps", y: figure, series: [.init(figure, points)], covering: steps)
    }
    var charts = [chart(model, "loss") { $0.loss }]
    if let validation, lines.contains(where: { $0.meanIOU != nil }) {
      charts.append(chart(validation, "mean IOU, %") { $0.meanIOU.map { 100 * $0 } })
    }
    return try LineChart.picture(of: charts)
  }
}
