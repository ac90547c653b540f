import DeepLabNet
import ToolSupport
import Unaries

/// Sparse and dense responses in one dimension: figure 2 of Chen et al. (2017).
///
/// Left, every second sample is dropped and a filter of three taps runs over the rest. Right, the
/// same taps are spread by a rate of 2 over all samples. The left responses, in dark, are every
/// second of the right ones.
enum SignalFigure {
  private static let samples = 15
  /// From one sample to the next, in pixels.
  private static let step: Float = 26
  private static let (margin, gap): (Float, Float) = (24, 60)
  private static let barWidth: Float = 14
  /// The height of a bar of value 1.
  private static let unit: Float = 44

  private static let input: Canvas.Color = (120, 120, 125)
  private static let dropped: Canvas.Color = (222, 222, 226)
  private static let response: Canvas.Color = (28, 90, 160)
  private static let between: Canvas.Color = (140, 190, 235)
  private static let tap: Canvas.Color = (215, 110, 50)

  static func draw() throws -> Image {
    let signal = Tensor(
      TensorShape(height: 1, width: samples, channels: 1),
      values: [0.3, 0.5, 0.4, 0.9, 1, 0.8, 0.9, 0.5, 0.2, 0.4, 0.3, 0.7, 1, 0.6, 0.4])
    let filter = Filter(rows: 1, columns: 3, weights: [0.25, 0.5, 0.25])
    let kept = signal.halved()
    let sparse = try filter.response(to: kept)
    let dense = try filter.response(to: signal, rate: 2)
    try dense.check(contains: sparse)

    let panel = Float(samples - 1) * step
    let width = 2 * margin + 2 * panel + gap
    var canvas = try Canvas(width: Int(width), height: 330)
    let rows: (input: Float, kept: Float, response: Float) = (310, 190, 70)
    let left = Row(values: signal, x: margin, step: step)
    let right = Row(values: signal, x: margin + panel + gap, step: step)

    left.bars(on: &canvas, y: rows.input) { $0.isMultiple(of: 2) ? input : dropped }
    let coarse = Row(values: kept, x: left.x, step: 2 * step)
    coarse.bars(on: &canvas, y: rows.kept) { _ in input }
    let sparseRow = Row(values: sparse, x: left.x, step: 2 * step)
    coarse.taps(on: &canvas, at: 3, rate: 1, y: rows.kept, to: rows.response)
    sparseRow.bars(on: &canvas, y: rows.response) { _ in response }

    right.bars(on: &canvas, y: rows.input) { _ in input }
    let denseRow = Row(values: dense, x: right.x, step: step)
    for position in [6, 7] {
      right.taps(on: &canvas, at: position, rate: 2, y: rows.input, to: rows.response)
    }
    denseRow.bars(on: &canvas, y: rows.response) { $0.isMultiple(of: 2) ? response : between }
    return try canvas.image()
  }

  /// Values side by side.
  private struct Row {
    let values: Tensor
    let x: Float
    let step: Float

    func center(_ index: Int) -> Float { x + Float(index) * step }

    func bars(on canvas: inout Canvas, y: Float, _ color: (Int) -> Canvas.Color) {
      for (index, value) in values.values().enumerated() {
        let middle = center(index)
        canvas.box(
          x: middle - barWidth / 2...middle + barWidth / 2, y: y - unit * value...y, color(index))
      }
      canvas.line(
        from: (center(0) - barWidth, y), to: (center(values.shape.width - 1) + barWidth, y),
        thickness: 1, (90, 90, 90))
    }

    /// What the response at `position` sees.
    func taps(on canvas: inout Canvas, at position: Int, rate: Int, y: Float, to top: Float) {
      let end = (x: center(position), y: top + 6)
      for tap in [-rate, 0, rate] {
        let start = (x: center(position + tap), y: y - unit - 8)
        canvas.line(from: start, to: end, thickness: 1.6, SignalFigure.tap)
        canvas.disc(x: start.x, y: start.y, radius: 4, SignalFigure.tap)
      }
      canvas.disc(x: end.x, y: end.y, radius: 4, SignalFigure.tap)
    }
  }
}
