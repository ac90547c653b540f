import CKernels
import LatticeSupport

/// The vertices of all segments joined, and the rows that are the same vertex.
///
/// Every segment has rows of its own, so that segments are splatted at the same time. A vertex that
/// several segments touch belongs to the first of them; the rows of the others are its copies,
/// added to it in the order of segments after a splat, and filled from it before a slice.
struct JoinedVertices: Sendable {
  /// All rows, row 0 included.
  let rowCount: Int
  /// The rows of each segment.
  let segmentRows: [Range<Int>]
  /// Every vertex once.
  let table: VertexTable
  /// The row of each vertex.
  let rows: AlignedBuffer<UInt32>
  /// Rows that vertices share.
  let copies: LatticeCopies

  /// Vertices of a small scene.
  private static let smallTable = 768

  /// Joins the vertices of tables, one for each segment.
  init(_ tables: [VertexTable], dimensions: Int) throws {
    var nextRow = 1
    segmentRows = tables.map { table in
      defer { nextRow += table.count }
      return nextRow..<nextRow + table.count
    }
    guard nextRow < Int(UInt32.max) else {
      throw LatticeError.tooManyVertices(rows: nextRow, dimensions: dimensions)
    }
    rowCount = nextRow

    // Where the table fits into the first-level cache anyway, it is so empty that hardly a
    // neighbour that is not there is looked for twice.
    let expected = nextRow <= Self.smallTable ? 4 * nextRow : nextRow - 1
    let all = try VertexTable(dimensions: dimensions, expected: expected)
    let rows = AlignedBuffer<UInt32>(uninitialized: nextRow - 1)
    let numbers = AlignedBuffer<UInt32>(uninitialized: tables.lazy.map(\.count).max() ?? 0)
    let copiedRows = AlignedBuffer<UInt32>(uninitialized: nextRow - 1)
    let copiedVertices = AlignedBuffer<UInt32>(uninitialized: nextRow - 1)
    var (vertexCount, copyCount) = (0, 0)
    for (table, segmentRows) in zip(tables, segmentRows) {
      try Cancellation.check()
      guard ck_table_merge(&all.table, &table.table, numbers.base) else {
        throw LatticeError.outOfMemory
      }
      for local in 0..<table.count {
        let row = UInt32(segmentRows.lowerBound + local)
        let vertex = numbers.base[local]
        if Int(vertex) == vertexCount {
          rows.base[vertexCount] = row
          vertexCount += 1
        } else {
          copiedRows.base[copyCount] = row
          copiedVertices.base[copyCount] = vertex
          copyCount += 1
        }
      }
    }
    self.rows = rows
    table = all
    copies = LatticeCopies(
      of: AlignedBuffer(part: 0..<copyCount, of: copiedVertices),
      in: AlignedBuffer(part: 0..<copyCount, of: copiedRows), owners: rows,
      vertexCount: vertexCount)
  }
}
