import CKernels
import LatticeSupport

/// Which rows of a lattice's arrays are the same vertex, and which are neighbours.
///
/// Every segment has rows of its own, so that segments are splatted at the same time. A vertex that
/// several segments touch belongs to the first of them; the rows of the others are its copies,
/// added to it in the order of segments after a splat, and filled from it before a slice. Row 0
/// stands for all absent neighbours and stays 0.
struct LatticeTopology: Sendable {
  /// All rows, row 0 included.
  let rowCount: Int
  /// The rows of each segment.
  let segmentRows: [Range<Int>]
  /// M, the number of vertices.
  let vertexCount: Int
  /// The row of each vertex.
  let rows: AlignedBuffer<UInt32>
  /// For each axis 0...d, the vertices in rows of neighbours.
  let chains: [LatticeChains]
  /// Rows that vertices share.
  let copies: LatticeCopies

  /// Vertices of a small scene.
  private static let smallTable = 768

  /// Numbers the rows of the segments' vertices and joins those that are the same.
  init(joining tables: [VertexTable], dimensions: Int, parallelism: Parallelism) throws {
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
    self.vertexCount = vertexCount
    copies = LatticeCopies(
      of: AlignedBuffer(part: 0..<copyCount, of: copiedVertices),
      in: AlignedBuffer(part: 0..<copyCount, of: copiedRows), owners: rows,
      vertexCount: vertexCount)
    chains = try Self.chains(
      in: all, rows: self.rows, dimensions: dimensions, parallelism: parallelism)
  }

  private static func chains(
    in table: VertexTable, rows: AlignedBuffer<UInt32>, dimensions: Int, parallelism: Parallelism
  ) throws -> [LatticeChains] {
    let vertexCount = table.count
    var chains = [LatticeChains?](repeating: nil, count: dimensions + 1)
    let flag = Cancellation.flag
    chains.withUnsafeMutableBufferPointer { chains in
      nonisolated(unsafe) let chains = chains
      parallelism.forEach(dimensions + 1) { axis in
        if flag?.isSet == true { return }
        let above = AlignedBuffer<UInt32>(uninitialized: vertexCount)
        ck_table_neighbours(
          &table.table, Int32(dimensions), Int32(axis), 0, UInt32(vertexCount), above.base)
        chains[axis] = LatticeChains(above: above, rows: rows)
      }
    }
    try Cancellation.check()
    return chains.compactMap(\.self)
  }
}
