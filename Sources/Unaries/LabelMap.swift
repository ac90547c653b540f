import LatticeSupport

/// One label per point.
public struct LabelMap: Sendable, Equatable {
  /// The grid of points.
  public let grid: GridShape
  /// N labels, 0-based; a file's void label (255 as a rule) keeps its number.
  public var labels: [UInt16]

  /// - Throws: `InputError` where the number of labels is not that of the grid's points.
  public init(grid: GridShape, labels: [UInt16]) throws {
    guard labels.count == grid.count else {
      throw InputError(
        .data, "a label map of \(grid) needs \(grid.count) labels, but \(labels.count) are given")
    }
    self.grid = grid
    self.labels = labels
  }

  /// Takes `labels`, one for each point of `grid`, as they are.
  init(unchecked labels: [UInt16], grid: GridShape) {
    assert(labels.count == grid.count)
    self.grid = grid
    self.labels = labels
  }
}

extension LabelMap {
  /// How many points have another label in `other`, which has the same grid. O(N).
  package func count(unlike other: LabelMap) -> Int {
    precondition(grid == other.grid, "labels of \(grid) beside labels of \(other.grid)")
    return zip(labels, other.labels).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
  }
}
