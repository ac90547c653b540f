import Unaries

/// Whole pixels of an image; at least one.
package struct PixelBox: Sendable, Hashable {
  package let rows: Range<Int>
  package let columns: Range<Int>

  package init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
  }

  /// All pixels of an image.
  init(_ grid: GridShape) {
    self.init(rows: 0..<grid.height, columns: 0..<grid.width)
  }

  /// Its own pixels as an image.
  var grid: GridShape { GridShape(width: columns.count, height: rows.count) }

  /// The number of pixels.
  var count: Int { rows.count * columns.count }

  /// Whether all of it belongs to an image on `grid`.
  func lies(in grid: GridShape) -> Bool {
    rows.lowerBound >= 0 && rows.upperBound <= grid.height && columns.lowerBound >= 0
      && columns.upperBound <= grid.width
  }

  /// The share of both boxes' pixels that is common to them, 0…1: intersection over union.
  func overlap(with other: PixelBox) -> Double {
    let common =
      rows.clamped(to: other.rows).count * columns.clamped(to: other.columns).count
    return Double(common) / Double(count + other.count - common)
  }

  /// The box with `factor` times its sides around the same centre, without what lies outside of an
  /// image on `grid`; at least one pixel.
  package func scaled(by factor: Double, within grid: GridShape) -> PixelBox {
    PixelBox(
      rows: Self.scaled(rows, by: factor, within: grid.height),
      columns: Self.scaled(columns, by: factor, within: grid.width))
  }

  private static func scaled(
    _ range: Range<Int>, by factor: Double, within length: Int
  ) -> Range<Int> {
    let centre = Double(range.lowerBound + range.upperBound) / 2
    let half = Double(range.count) * factor / 2
    let start = min(max(0, Int((centre - half).rounded())), length - 1)
    return start..<max(start + 1, min(length, Int((centre + half).rounded())))
  }
}
