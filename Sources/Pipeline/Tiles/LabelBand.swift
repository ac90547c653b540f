import Unaries

/// The labels of some rows of an image, over all columns, gathered from the cores of a row of
/// tiles.
public struct LabelBand {
  /// Where they lie.
  public let region: GridRegion
  /// The labels of the scores.
  public private(set) var before: [UInt16]
  /// The labels of the plan.
  public private(set) var after: [UInt16]

  init(rows: Range<Int>, width: Int) {
    region = GridRegion(rows: rows, columns: 0..<width)
    before = [UInt16](repeating: 0, count: region.grid.count)
    after = before
  }

  /// Points whose label is another than before. O(points).
  public var changed: Int { zip(before, after).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) } }

  /// Takes the labels of `core` from those of `whole`, a tile.
  mutating func put(
    before: LabelMap, after: LabelMap, of core: GridRegion, in whole: GridRegion
  ) {
    for row in core.rows {
      let source = whole.point(row: row, column: core.columns.lowerBound)
      let target = region.point(row: row, column: core.columns.lowerBound)
      for column in 0..<core.columns.count {
        self.before[target + column] = before.labels[source + column]
        self.after[target + column] = after.labels[source + column]
      }
    }
  }
}
