import LatticeSupport
import Unaries

/// A white sheet to draw on, with smooth edges: drawn larger than it is written.
package struct Canvas {
  /// Red, green and blue, 0…255.
  package typealias Color = (red: Float, green: Float, blue: Float)

  /// Drawn pixels.
  private let width: Int
  private let height: Int
  private var pixels: [Float]
  /// Drawn pixels for each written one, along an axis.
  private let detail: Int

  /// The sheet's three floats a pixel, and the picture that is made of them.
  private static let bytesEach = 3 * MemoryLayout<Float>.size + 6

  /// - Parameters:
  ///   - width: written pixels.
  ///   - height: written pixels.
  ///   - detail: drawn pixels for each written one, along an axis; 1 suffices for upright boxes and
  ///     text.
  /// - Throws: `InputError` where the sheet is too large for memory.
  package init(width: Int, height: Int, detail: Int = 3) throws {
    precondition(width >= 1 && height >= 1 && detail >= 1, "a sheet of \(width)×\(height)")
    let most = memoryLimit() / (Self.bytesEach * detail * detail)
    guard width <= most / height else {
      throw InputError(
        .data, "a picture of \(width)×\(height) pixels is too large for memory",
        remedy: "show fewer values")
    }
    self.detail = detail
    self.width = width * detail
    self.height = height * detail
    pixels = [Float](repeating: 255, count: 3 * self.width * self.height)
  }

  /// Fills the pixels of a box whose centres `isInside` accepts; sizes in written pixels.
  private mutating func fill(
    x: ClosedRange<Float>, y: ClosedRange<Float>, _ color: Color,
    where isInside: (Float, Float) -> Bool = { _, _ in true }
  ) {
    let detail = Float(detail)
    let (top, bottom) = (
      max(0, Int(y.lowerBound * detail)), min(height, Int(y.upperBound * detail) + 1)
    )
    let (first, end) = (
      max(0, Int(x.lowerBound * detail)), min(width, Int(x.upperBound * detail) + 1)
    )
    // What lies beyond the sheet is cut off.
    guard top < bottom, first < end else { return }
    let (rows, columns) = (top..<bottom, first..<end)
    for row in rows {
      for column in columns {
        let (left, top) = ((Float(column) + 0.5) / detail, (Float(row) + 0.5) / detail)
        guard x.contains(left), y.contains(top), isInside(left, top) else { continue }
        let place = 3 * (row * width + column)
        (pixels[place], pixels[place + 1], pixels[place + 2]) = color
      }
    }
  }

  package mutating func box(x: ClosedRange<Float>, y: ClosedRange<Float>, _ color: Color) {
    fill(x: x, y: y, color)
  }

  /// Draws a picture whose left upper corner lies at (`x`, `y`), each of its pixels `side` written
  /// ones wide; `color` gives those of its points.
  package mutating func picture(
    of grid: GridShape, x left: Int, y top: Int, side: Int, color: (Int) -> Color
  ) {
    for point in 0..<grid.count {
      let (row, column) = point.quotientAndRemainder(dividingBy: grid.width)
      let (x, y) = (Float(left + column * side), Float(top + row * side))
      box(x: x...x + Float(side), y: y...y + Float(side), color(point))
    }
  }

  package mutating func disc(x: Float, y: Float, radius: Float, _ color: Color) {
    fill(x: x - radius...x + radius, y: y - radius...y + radius, color) { left, top in
      (left - x) * (left - x) + (top - y) * (top - y) <= radius * radius
    }
  }

  package mutating func line(
    from start: (x: Float, y: Float), to end: (x: Float, y: Float), thickness: Float, _ color: Color
  ) {
    let (dx, dy) = (end.x - start.x, end.y - start.y)
    let squaredLength = dx * dx + dy * dy
    let reach = thickness / 2
    fill(
      x: min(start.x, end.x) - reach...max(start.x, end.x) + reach,
      y: min(start.y, end.y) - reach...max(start.y, end.y) + reach, color
    ) { left, top in
      let (x, y) = (left - start.x, top - start.y)
      let along = min(1, max(0, (x * dx + y * dy) / squaredLength))
      let (offX, offY) = (x - along * dx, y - along * dy)
      return offX * offX + offY * offY <= reach * reach
    }
  }

  /// The sheet, each written pixel the mean of those drawn.
  package func image() throws -> Image {
    let (columns, rows) = (width / detail, height / detail)
    let rgb = (0..<3 * columns * rows).map { index -> UInt8 in
      let (point, channel) = index.quotientAndRemainder(dividingBy: 3)
      let (row, column) = point.quotientAndRemainder(dividingBy: columns)
      var sum: Float = 0
      for y in 0..<detail {
        for x in 0..<detail {
          sum += pixels[3 * ((row * detail + y) * width + column * detail + x) + channel]
        }
      }
      return UInt8((sum / Float(detail * detail)).rounded())
    }
    return try Image(width: columns, height: rows, rgb: rgb)
  }
}
