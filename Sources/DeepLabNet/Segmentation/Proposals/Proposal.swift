import LatticeSupport
import Unaries

/// A part of an image that may be an object.
public struct Proposal: Sendable, Hashable {
  /// The left edge in pixels; 0 is the image's.
  public let x0: Double
  /// The upper edge in pixels; 0 is the image's.
  public let y0: Double
  /// The right edge: just beyond the last pixel.
  public let x1: Double
  /// The lower edge: just beyond the last pixel.
  public let y1: Double
  /// Higher is better; of any unit.
  public let score: Double

  /// - Throws: `InputError` unless x0 < x1 and y0 < y1, all of them and the score finite.
  public init(x0: Double, y0: Double, x1: Double, y1: Double, score: Double = 0) throws {
    guard [x0, y0, x1, y1, score].allSatisfy(\.isFinite), x0 < x1, y0 < y1 else {
      throw InputError(
        .data, "a box from (\(x0), \(y0)) to (\(x1), \(y1)) of score \(score)",
        remedy: "give left, upper, right and lower edge, each pair in rising order")
    }
    (self.x0, self.y0, self.x1, self.y1, self.score) = (x0, y0, x1, y1, score)
  }

  /// A box of whole pixels.
  init(_ box: PixelBox, score: Double) {
    (x0, x1) = (Double(box.columns.lowerBound), Double(box.columns.upperBound))
    (y0, y1) = (Double(box.rows.lowerBound), Double(box.rows.upperBound))
    self.score = score
  }

  /// The pixels of a grid that the box touches; what lies outside is cut off.
  ///
  /// - Throws: `InputError` where there are none.
  func pixels(of grid: GridShape) throws -> PixelBox {
    func range(_ lower: Double, _ upper: Double, _ length: Int) -> Range<Int>? {
      let first = max(lower.rounded(.down), 0)
      let end = min(upper.rounded(.up), Double(length))
      return first < end ? Int(first)..<Int(end) : nil
    }
    guard let rows = range(y0, y1, grid.height), let columns = range(x0, x1, grid.width) else {
      throw InputError(
        .data,
        "the proposal from (\(x0), \(y0)) to (\(x1), \(y1)) lies outside an image of \(grid)",
        remedy: "give boxes in pixels of this image")
    }
    return PixelBox(rows: rows, columns: columns)
  }
}
