import DeepLabNet
import Figures

/// Sparse and dense responses in one dimension: figure 2 of Chen et al. (2017).
///
/// Left, every second sample is dropped and a filter of three taps runs over the rest. Right, the
/// same taps are spread by a rate of 2 over all samples. The left responses, in dark, are every
/// second of the right ones.
enum SignalFigure {
  private static let samples = 15
  /// From one sample to the next, in pixels.
  private static let step: Double = 26
  private static let (margin, gap): (Double, Double) = (24, 60)
  private static let barWidth: Double = 14
  /// The height of a bar of value 1.
  private static let unit: Double = 44

  private static let input = Color(120, 120, 125)
  private static let dropped = Color(222, 222, 226)
  private static let response = Color(28, 90, 160)
  private static let between = Color(140, 190, 235)
  private static let tap = Color(215, 110, 50)

  static func draw() throws -> Drawing {
    let signal = Tensor(
      TensorShape(height: 1, width: samples, channels: 1),
      values: [0.3, 0.5, 0.4, 0.9, 1, 0.8, 0.9, 0.5, 0.2, 0.4, 0.3, 0.7, 1, 0.6, 0.4])
    let filter = Filter(rows: 1, columns: 3, weights: [0.25, 0.5, 0.25])
    let kept = signal.halved()
    let sparse = try filter.response(to: kept)
    let dense = try filter.response(to: signal, rate: 2)
    try dense.check(contains: sparse)

    let panel = Double(samples - 1) * step
    let width = 2 * margin + 2 * panel + gap
    var drawing = Drawing(width: width, height: 330)
    let rows: (input: Double, kept: Double, response: Double) = (310, 190, 70)
    let left = Row(values: signal, x: margin, step: step)
    let right = Row(values: signal, x: margin + panel + gap, step: step)

    left.bars(on: &drawing, y: rows.input) { $0.isMultiple(of: 2) ? input : dropped }
    let coarse = Row(values: kept, x: left.x, step: 2 * step)
    coarse.bars(on: &drawing, y: rows.kept) { _ in input }
    let sparseRow = Row(values: sparse, x: left.x, step: 2 * step)
    coarse.taps(on: &drawing, at: 3, rate: 1, y: rows.kept, to: rows.response)
    sparseRow.bars(on: &drawing, y: rows.response) { _ in response }

    right.bars(on: &drawing, y: rows.input) { _ in input }
    let denseRow = Row(values: dense, x: right.x, step: step)
    for position in [6, 7] {
      right.taps(on: &drawing, at: position, rate: 2, y: rows.input, to: rows.response)
    }
    denseRow.bars(on: &drawing, y: rows.response) { $0.isMultiple(of: 2) ? response : between }
    return drawing
  }

  /// Values side by side.
  private struct Row {
    let values: Tensor
    let x: Double
    let step: Double

    func center(_ index: Int) -> Double { x + Double(index) * step }

    func bars(on drawing: inout Drawing, y: Double, _ color: (Int) -> Color) {
      for (index, value) in values.values().enumerated() {
        let middle = center(index)
        let height = unit * Double(value)
        drawing.box(
          Box(x: middle - barWidth / 2, y: y - height, width: barWidth, height: height),
          color(index))
      }
      drawing.line(
        [
          Place(center(0) - barWidth, y), Place(center(values.shape.width - 1) + barWidth, y),
        ], Color(90, 90, 90))
    }

    /// What the response at `position` sees.
    func taps(on drawing: inout Drawing, at position: Int, rate: Int, y: Double, to top: Double) {
      let end = Place(center(position), top + 6)
      for tap in [-rate, 0, rate] {
        let start = Place(center(position + tap), y - unit - 8)
        drawing.line([start, end], thickness: 1.6, SignalFigure.tap)
        drawing.disc(start, radius: 4, SignalFigure.tap)
      }
      drawing.disc(end, radius: 4, SignalFigure.tap)
    }
  }
}
