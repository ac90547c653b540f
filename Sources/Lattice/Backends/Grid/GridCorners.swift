import CKernels
import LatticeSupport

/// The corners of a grid's cells, which rows hold them, and the lines that they are blurred along.
struct GridCorners: Sendable {
  /// All rows, row 0 included.
  let rowCount: Int
  /// The rows of each segment.
  let segmentRows: [Range<Int>]
  private let copies: LatticeCopies
  /// Rows of corners that no point touches.
  private let untouchedRows: Range<Int>
  private let axes: [GridAxis]
  /// Along each axis.
  private let lines: [CornerLines]

  /// The box around all points is filled up where it has at most so many corners, or at most so
  /// many for each that points touch: the blur is then the whole of a Gaussian's.
  private static let (filledCount, filledShare) = (65_536.0, 4.0)

  /// Joins the corners that segments touch.
  ///
  /// - Throws: `LatticeError` where they are too many; `CallCancelled`.
  init(joining tables: [VertexTable], axes: [GridAxis], parallelism: Parallelism) throws {
    let dimensions = axes.count
    let joined = try JoinedVertices(tables, dimensions: dimensions)
    let touched = joined.table.count
    if touched > 0 {
      var low = [Int32](repeating: 0, count: dimensions)
      var high = low
      ck_grid_box(&joined.table.table, Int32(dimensions), &low, &high)
      let box = zip(low, high).reduce(1.0) { $0 * Double($1.1 - $1.0 + 1) }
      if box <= max(Self.filledCount, Self.filledShare * Double(touched)) {
        guard ck_grid_fill(&joined.table.table, Int32(dimensions), low, high) else {
          throw LatticeError.outOfMemory
        }
      }
    }
    let count = joined.table.count
    untouchedRows = joined.rowCount..<joined.rowCount + count - touched
    guard untouchedRows.upperBound < Int(UInt32.max) else {
      throw LatticeError.tooManyVertices(rows: untouchedRows.upperBound, dimensions: dimensions)
    }
    let rows = AlignedBuffer<UInt32>(uninitialized: count)
    for corner in 0..<touched { rows.base[corner] = joined.rows.base[corner] }
    for (corner, row) in zip(touched..<count, untouchedRows) { rows.base[corner] = UInt32(row) }
    rowCount = untouchedRows.upperBound
    segmentRows = joined.segmentRows
    copies = joined.copies
    self.axes = axes
    let flag = Cancellation.flag
    lines = parallelism.map(dimensions) { axis -> CornerLines? in
      if flag?.isSet == true { return nil }
      return CornerLines(joined.table, rows: rows, axis: axis, radius: axes[axis].radius)
    }.compactMap(\.self)
    try Cancellation.check()
  }

  /// Blurs along one axis after the other, in place; backwards for the transpose.
  func blur(_ panel: RowPanels.Panel, transposed: Bool, parallelism: Parallelism) {
    let untouched = panel.base + untouchedRows.lowerBound * panel.width
    untouched.update(repeating: 0, count: untouchedRows.count * panel.width)
    copies.merge(panel, parallelism: parallelism)
    for step in axes.indices {
      let axis = transposed ? axes.count - 1 - step : step
      lines[axis].blur(panel, axes[axis], parallelism: parallelism)
    }
    copies.replicate(panel, parallelism: parallelism)
  }
}
