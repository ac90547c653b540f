import Unaries

/// The labels of some rows of an image, over all columns, gathered from the cores of a row of tiles.
struct LabelBand {
  let region: GridRegion
  private(set) var before: [UInt16]
  private(set) var after: [UInt16]

  init(rows: Range<Int>, width: Int) {
    region = GridRegion(rows: rows, columns: 0..<width)
    before = [UInt16](repeating: 0, count: region.grid.count)
    after = before
  }

  /// Points whose label is another than before. O(points).
  var changed: Int { zip(before, after).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) } }

  /// Takes the labels of `core` from those of `whole`, a tile.
  mutating func put(
    before: LabelMap, after: LabelMap, of core: GridRegion, in whole: GridRegion
  ) {
    put(whole.cut(core, from: before.labels), of: core, into: &self.before)
    put(whole.cut(core, from: after.labels), of: core, into: &self.after)
  }

  private func put(_ labels: [UInt16], of core: GridRegion, into band: inout [UInt16]) {
    for (index, row) in core.rows.enumerated() {
      let first = region.point(row: row, column: core.columns.lowerBound)
      band.replaceSubrange(
        first..<first + core.columns.count,
        with: labels[index * core.columns.count..<(index + 1) * core.columns.count])
    }
  }
}
