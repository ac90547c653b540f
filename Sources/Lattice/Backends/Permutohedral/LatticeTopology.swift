import CKernels
import LatticeSupport

/// Which rows of a lattice's arrays are the same vertex, and which are neighbours. Row 0 stands for
/// all absent neighbours and stays 0.
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

  /// Numbers the rows of the segments' vertices and joins those that are the same.
  init(joining tables: [VertexTable], dimensions: Int, parallelism: Parallelism) throws {
    let joined = try JoinedVertices(tables, dimensions: dimensions)
    rowCount = joined.rowCount
    segmentRows = joined.segmentRows
    vertexCount = joined.table.count
    rows = joined.rows
    copies = joined.copies
    chains = try Self.chains(
      in: joined.table, rows: rows, dimensions: dimensions, parallelism: parallelism)
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
