import DeepLabNet
import Figures
import Foundation
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
  private static let zoom = 3.0
  private static let gap = 12.0
  /// What an empty position is drawn in.
  private static let empty = Color(238, 238, 242)

  static func draw(_ image: Image) throws -> Drawing {
    let wide = luminance(of: image)
    let filter = edgeFilter(taps: 7)
    let gray = wide.trimmed(by: margin)
    let small = gray.halved()
    let sparse = try filter.response(to: wide.halved()).trimmed(by: margin / 2)
    let dense = try filter.response(to: wide, rate: 2).trimmed(by: margin)
    try dense.check(contains: sparse)

    let panel = (width: zoom * Double(crop.width), height: zoom * Double(crop.height))
    var drawing = Drawing(width: 3 * panel.width + 2 * gap, height: 2 * panel.height + gap)
    let columns = (0..<3).map { Double($0) * (panel.width + gap) }
    let below = panel.height + gap
    let limit = dense.values().map(abs).max() ?? 1
    func tone(_ response: Float) -> Color { diverging(response / limit) }

    let inset = (x: panel.width / 4, y: panel.height / 4)
    draw(small, on: &drawing, at: (columns[0] + inset.x, inset.y), step: zoom, size: zoom, gray(_:))
    draw(sparse, on: &drawing, at: (columns[1] + inset.x, inset.y), step: zoom, size: zoom, tone)
    drawing.box(Box(x: columns[2], y: 0, width: panel.width, height: panel.height), empty)
    draw(sparse, on: &drawing, at: (columns[2], 0), step: 2 * zoom, size: zoom, tone)
    draw(gray, on: &drawing, at: (columns[0], below), step: zoom, size: zoom, gray(_:))
    drawTaps(of: filter, rate: 2, on: &drawing, in: (columns[1], below), panel)
    draw(dense, on: &drawing, at: (columns[2], below), step: zoom, size: zoom, tone)
    return drawing
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
    _ tensor: Tensor, on drawing: inout Drawing, at corner: (x: Double, y: Double), step: Double,
    size: Double, _ color: (Float) -> Color
  ) {
    for (point, value) in tensor.values().enumerated() {
      let (row, column) = point.quotientAndRemainder(dividingBy: tensor.shape.width)
      drawing.box(
        Box(
          x: corner.x + Double(column) * step, y: corner.y + Double(row) * step, width: size,
          height: size), color(value))
    }
  }

  /// The filter's taps on the image's grid, with the holes between them.
  private static func drawTaps(
    of filter: Filter, rate: Int, on drawing: inout Drawing, in corner: (x: Double, y: Double),
    _ panel: (width: Double, height: Double)
  ) {
    let cells = rate * (filter.columns - 1) + 1
    let cell = (panel.height / Double(cells)).rounded(.down)
    let extent = cell * Double(cells)
    let (left, top) = (
      corner.x + (panel.width - extent) / 2, corner.y + (panel.height - extent) / 2
    )
    let limit = filter.weights.map(abs).max() ?? 1
    for index in 0..<cells * cells {
      let (row, column) = index.quotientAndRemainder(dividingBy: cells)
      let isTap = row.isMultiple(of: rate) && column.isMultiple(of: rate)
      let weight = isTap ? filter.weights[row / rate * filter.columns + column / rate] : 0
      let (x, y) = (left + Double(column) * cell, top + Double(row) * cell)
      drawing.box(
        Box(x: x + 0.5, y: y + 0.5, width: cell - 1, height: cell - 1),
        isTap ? diverging(weight / limit) : empty)
    }
  }

  private static func gray(_ value: Float) -> Color {
    Color(Double(value), Double(value), Double(value))
  }

  /// Blue for −1, a light gray for 0, red for 1.
  private static func diverging(_ value: Float) -> Color {
    let end = value < 0 ? Color(20, 70, 160) : Color(180, 30, 40)
    // A root, so that weak responses can be seen.
    return ColorMap([Color(205, 205, 205), end]).color(at: Double(abs(value).squareRoot()))
  }
}
