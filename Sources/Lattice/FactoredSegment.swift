import LatticeSupport

/// A run of points and the rows that they spread to.
package struct FactoredSegment: Sendable {
  /// The points, of the whole field.
  package let points: Range<Int>
  /// The segment's rows.
  package let rows: Range<Int>
  /// Points, in the order of `visits`, × corners: rows, counted from `rows.lowerBound`. Whoever
  /// spreads sets all lower rows to 0 as well, best where they are numbered as they are first used.
  package let vertices: AlignedBuffer<UInt32>
  /// Points, in the order of `visits`, × corners.
  package let weights: AlignedBuffer<Float>
  /// The points in the order in which they are visited.
  package let visits: [Range<Int>]

  /// - Parameter visits: `nil` for the points' own order.
  init(
    points: Range<Int>, rows: Range<Int>, vertices: AlignedBuffer<UInt32>,
    weights: AlignedBuffer<Float>, visits: [Range<Int>]? = nil
  ) {
    self.points = points
    self.rows = rows
    self.vertices = vertices
    self.weights = weights
    self.visits = visits ?? [points]
  }

  /// Calls `body` for each run of points, with their vertices and weights.
  func forEachVisit(
    _ body: (
      _ points: Range<Int>, _ vertices: UnsafeMutablePointer<UInt32>,
      _ weights: UnsafeMutablePointer<Float>
    ) -> Void
  ) {
    let corners = vertices.count / max(1, points.count)
    var first = 0
    for visit in visits {
      body(visit, vertices.base + first, weights.base + first)
      first += visit.count * corners
    }
  }

  /// Visits lines in strips, so that the rows that one line uses are still in a cache when the next
  /// line uses them again.
  ///
  /// - Parameter lineLength: the points of a line; `nil` where there are none.
  static func visits(of points: Range<Int>, lineLength: Int?) -> [Range<Int>] {
    guard let lineLength, !points.isEmpty else { return [points] }
    let strips = (lineLength + strip / 2) / strip
    let lines = points.lowerBound / lineLength..<(points.upperBound - 1) / lineLength + 1
    guard strips > 1, lines.count > 1 else { return [points] }
    return (0..<strips).flatMap { index in
      let columns = index * strip..<(index == strips - 1 ? lineLength : (index + 1) * strip)
      return lines.compactMap { line in
        let first = line * lineLength
        let visit = (first + columns.lowerBound..<first + columns.upperBound).clamped(to: points)
        return visit.isEmpty ? nil : visit
      }
    }
  }

  /// Points of a strip's lines, but for the last, which are half as many to half as many again.
  private static let strip = 128

  /// Where each point's vertices and weights are written: memory for all points, which segments
  /// share.
  ///
  /// One block, so that the sweep through it finds large pages.
  struct Corners {
    let corners: Int
    let vertices: AlignedBuffer<UInt32>
    let weights: AlignedBuffer<Float>

    init(points: Int, corners: Int) {
      self.corners = corners
      vertices = AlignedBuffer(uninitialized: points * corners)
      weights = AlignedBuffer(uninitialized: points * corners)
    }

    /// Those of a run of points.
    func part(
      _ points: Range<Int>
    ) -> (vertices: AlignedBuffer<UInt32>, weights: AlignedBuffer<Float>) {
      let range = points.lowerBound * corners..<points.upperBound * corners
      return (AlignedBuffer(part: range, of: vertices), AlignedBuffer(part: range, of: weights))
    }
  }

  /// The runs that every factored filter over `count` points is cut into.
  ///
  /// Eight at least where there are enough points, so that a few threads share them evenly; longer
  /// ones share more rows among their own points.
  static func ranges(of count: Int) -> [Range<Int>] {
    let length = max(2048, min(262_144, (count + 7) / 8))
    return stride(from: 0, to: count, by: length).map { $0..<min(count, $0 + length) }
  }
}
