import DeepLabNet
import Foundation
import ToolSupport
import Unaries

/// Sparse and dense responses in two dimensions: figure 3 of Chen et al. (2017).
///
/// Above: every second pixel of an image, the response to a filter for vertical edges, and that
/// response on the image's own grid, where three of four positions have none. Below: the whole
/// image, the same filter's taps spread by a rate of 2, and their response, which has the one above
/// among its values.
enum ImageFigure {
  /// The part of the image that is shown.
  private static let crop = (x: 130, y: 150, width: 96, height: 72)
  /// Pixels around it that filters see too, so that no border shows; even, as steps of two are.
  private static let margin = 6
  /// Written pixels for each pixel of the image.
  private static let zoom: Float = 3
  private static let gap: Float = 12
  private static let white: Canvas.Color = (255, 255, 255)
  /// What an empty position is drawn in.
  private static let empty: Canvas.Color = (238, 238, 242)

  static func draw(_ image: Image) throws -> Image {
    let wide = luminance(of: image)
    let filter = edgeFilter(taps: 7)
    let gray = wide.trimmed(by: margin)
    let small = gray.halved()
    let sparse = try filter.response(to: wide.halved()).trimmed(by: margin / 2)
    let dense = try filter.response(to: wide, rate: 2).trimmed(by: margin)
    try dense.check(contains: sparse)

    let panel = (width: zoom * Float(crop.width), height: zoom * Float(crop.height))
    var canvas = try Canvas(
      width: Int(3 * panel.width + 2 * gap), height: Int(2 * panel.height + gap))
    let columns = (0..<3).map { Float($0) * (panel.width + gap) }
    let below = panel.height + gap
    let limit = dense.values().map(abs).max() ?? 1
    func tone(_ response: Float) -> Canvas.Color { diverging(response / limit) }

    let inset = (x: panel.width / 4, y: panel.height / 4)
    draw(small, on: &canvas, at: (columns[0] + inset.x, inset.y), step: zoom, size: zoom, gray(_:))
    draw(sparse, on: &canvas, at: (columns[1] + inset.x, inset.y), step: zoom, size: zoom, tone)
    canvas.box(x: columns[2]...columns[2] + panel.width, y: 0...panel.height, empty)
    draw(sparse, on: &canvas, at: (columns[2], 0), step: 2 * zoom, size: zoom, tone)
    draw(gray, on: &canvas, at: (columns[0], below), step: zoom, size: zoom, gray(_:))
    drawTaps(of: filter, rate: 2, on: &canvas, in: (columns[1], below), panel)
    draw(dense, on: &canvas, at: (columns[2], below), step: zoom, size: zoom, tone)
    return try canvas.image()
  }

  /// The luminance (ITU-R BT.601) of the crop and its margin, 0…255.
  private static func luminance(of image: Image) -> Tensor {
    let (width, height) = (crop.width + 2 * margin, crop.height + 2 * margin)
    return Tensor(
      TensorShape(height: height, width: width, channels: 1),
      values: (0..<width * height).map { point in
        let (y, x) = point.quotientAndRemainder(dividingBy: width)
        let source = (crop.y - margin + y) * image.grid.width + crop.x - margin + x
        return 0.299 * image[source, 0] + 0.587 * image[source, 1] + 0.114 * image[source, 2]
      })
  }

  /// The derivative of a Gaussian along x: it answers to vertical edges.
  private static func edgeFilter(taps: Int) -> Filter {
    let sigma = Float(taps) / 5
    return Filter(
      rows: taps, columns: taps,
      weights: (0..<taps * taps).map { index in
        let (y, x) = (Float(index / taps - taps / 2), Float(index % taps - taps / 2))
        return x * exp(-(x * x + y * y) / (2 * sigma * sigma))
      })
  }

  private static func draw(
    _ tensor: Tensor, on canvas: inout Canvas, at corner: (x: Float, y: Float), step: Float,
    size: Float, _ color: (Float) -> Canvas.Color
  ) {
    for (point, value) in tensor.values().enumerated() {
      let (row, column) = point.quotientAndRemainder(dividingBy: tensor.shape.width)
      let (x, y) = (corner.x + Float(column) * step, corner.y + Float(row) * step)
      canvas.box(x: x...x + size, y: y...y + size, color(value))
    }
  }

  /// The filter's taps on the image's grid, with the holes between them.
  private static func drawTaps(
    of filter: Filter, rate: Int, on canvas: inout Canvas, in corner: (x: Float, y: Float),
    _ panel: (width: Float, height: Float)
  ) {
    let cells = rate * (filter.columns - 1) + 1
    let cell = (panel.height / Float(cells)).rounded(.down)
    let extent = cell * Float(cells)
    let (left, top) = (
      corner.x + (panel.width - extent) / 2, corner.y + (panel.height - extent) / 2
    )
    let limit = filter.weights.map(abs).max() ?? 1
    for index in 0..<cells * cells {
      let (row, column) = index.quotientAndRemainder(dividingBy: cells)
      let isTap = row.isMultiple(of: rate) && column.isMultiple(of: rate)
      let weight = isTap ? filter.weights[row / rate * filter.columns + column / rate] : 0
      let (x, y) = (left + Float(column) * cell, top + Float(row) * cell)
      canvas.box(
        x: x + 0.5...x + cell - 0.5, y: y + 0.5...y + cell - 0.5,
        isTap ? diverging(weight / limit) : empty)
    }
  }

  private static func gray(_ value: Float) -> Canvas.Color { (value, value, value) }

  /// Blue for −1, a light gray for 0, red for 1.
  private static func diverging(_ value: Float) -> Canvas.Color {
    let end: Canvas.Color = value < 0 ? (20, 70, 160) : (180, 30, 40)
    let middle: Canvas.Color = (205, 205, 205)
    // A root, so that weak responses can be seen.
    let share = abs(value).squareRoot()
    func mix(_ from: Float, _ to: Float) -> Float { from + share * (to - from) }
    return (mix(middle.red, end.red), mix(middle.green, end.green), mix(middle.blue, end.blue))
  }
}
