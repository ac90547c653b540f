import CKernels
import Support

/// Which rows of a lattice's arrays are the same vertex, and which are neighbours.
///
/// Every segment has rows of its own, so that segments are splatted at the same time. A vertex that
/// several segments touch belongs to the first of them; the rows of the others are its copies, added
/// to it in the order of segments after a splat, and filled from it before a slice. Row 0 stands for
/// all absent neighbours and stays 0.
struct LatticeTopology: Sendable {
  /// All rows, row 0 included.
  let rowCount: Int
  /// M, the number of vertices.
  let vertexCount: Int
  /// The row of each vertex.
  let rows: AlignedBuffer<UInt32>
  /// For each axis 0...d, the rows of every vertex's neighbours: M above, then M below.
  let neighbours: [AlignedBuffer<UInt32>]
  /// Copies and the rows that they belong to.
  let copies: [(copy: UInt32, owner: UInt32)]

  /// Numbers the rows of `segments` and joins their vertices.
  init(joining segments: inout [LatticeSegment], dimensions: Int, parallelism: Parallelism) throws {
    var nextRow = 1
    for index in segments.indices {
      segments[index].firstRow = nextRow
      nextRow += segments[index].table.count
    }
    guard nextRow < Int(UInt32.max) else {
      throw LatticeError.tooManyVertices(
        points: segments.last?.points.upperBound ?? 0, dimensions: dimensions)
    }
    rowCount = nextRow

    let largest = segments.lazy.map(\.table.count).max() ?? 0
    let all = try VertexTable(dimensions: dimensions, expected: largest)
    var rows: [UInt32] = []
    var copies: [(copy: UInt32, owner: UInt32)] = []
    var numbers = [UInt32](repeating: 0, count: largest)
    for segment in segments {
      guard ck_table_merge(&all.table, &segment.table.table, &numbers) else {
        throw LatticeError.outOfMemory
      }
      for local in 0..<segment.table.count {
        let row = UInt32(segment.firstRow + local)
        let vertex = Int(numbers[local])
        if vertex == rows.count {
          rows.append(row)
        } else {
          copies.append((copy: row, owner: rows[vertex]))
        }
      }
    }
    self.copies = copies
    vertexCount = rows.count
    self.rows = AlignedBuffer(uninitialized: rows.count)
    for (vertex, row) in rows.enumerated() { self.rows.base[vertex] = row }
    neighbours = Self.findNeighbours(
      in: all, rows: self.rows, dimensions: dimensions, parallelism: parallelism)
  }

  private static func findNeighbours(
    in table: VertexTable, rows: AlignedBuffer<UInt32>, dimensions: Int, parallelism: Parallelism
  ) -> [AlignedBuffer<UInt32>] {
    let vertexCount = table.count
    return (0...dimensions).map { axis in
      let neighbours = AlignedBuffer<UInt32>(repeating: 0, count: 2 * vertexCount)
      let above = neighbours.base
      let below = neighbours.base + vertexCount
      parallelism.forEachChunk(of: vertexCount, grain: 8192) { range in
        ck_table_neighbours(
          &table.table, Int32(dimensions), Int32(axis), UInt32(range.lowerBound),
          UInt32(range.upperBound), above + range.lowerBound)
        for vertex in range {
          let neighbour = above[vertex]
          // A vertex is the lower neighbour of at most one other, so these writes never meet.
          if neighbour == .max {
            above[vertex] = 0
          } else {
            above[vertex] = rows.base[Int(neighbour)]
            below[Int(neighbour)] = rows.base[vertex]
          }
        }
      }
      return neighbours
    }
  }
}
