/// A rectangle of a grid of two axes: some rows, and some columns of each.
public struct GridRegion: Sendable, Hashable {
  /// Rows, from the top.
  public let rows: Range<Int>
  /// Columns, from the left.
  public let columns: Range<Int>

  /// Both ranges must hold something.
  public init(rows: Range<Int>, columns: Range<Int>) {
    precondition(!rows.isEmpty && !columns.isEmpty, "a region of \(rows) × \(columns)")
    self.rows = rows
    self.columns = columns
  }

  /// All of `grid`, which has two axes.
  public init(allOf grid: GridShape) {
    self.init(rows: 0..<grid.height, columns: 0..<grid.width)
  }

  /// The points of the region as a grid of their own.
  public var grid: GridShape { GridShape(width: columns.count, height: rows.count) }

  /// The number of the region's point in row `row` and column `column` of the whole grid.
  public func point(row: Int, column: Int) -> Int {
    assert(rows.contains(row) && columns.contains(column))
    return (row - rows.lowerBound) * columns.count + column - columns.lowerBound
  }

  /// The values of the points of `part`, a region within this one, row by row.
  ///
  /// - Parameter values: `channels` values for each point of this region.
  /// - Parameter channels: values of each point.
  /// - Parameter part: a region within this one.
  public func cut<Value: BitwiseCopyable>(
    _ part: GridRegion, from values: [Value], channels: Int = 1
  ) -> [Value] {
    if part == self { return values }
    let count = part.columns.count * channels
    return [Value](unsafeUninitializedCapacity: part.rows.count * count) { output, filled in
      values.withUnsafeBufferPointer { values in
        for (index, row) in part.rows.enumerated() {
          let first = point(row: row, column: part.columns.lowerBound) * channels
          (output.baseAddress! + index * count).initialize(
            from: values.baseAddress! + first, count: count)
        }
      }
      filled = part.rows.count * count
    }
  }
}
