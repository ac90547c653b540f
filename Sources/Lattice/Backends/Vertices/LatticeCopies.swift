import CKernels
import LatticeSupport

/// The rows of vertices that several segments touch, and the rows that own the vertices.
struct LatticeCopies: Sendable {
  /// For each copy, the row that owns its vertex; all copies of an owner stand together, in the
  /// order of segments.
  private let owners: AlignedBuffer<UInt32>
  private let copies: AlignedBuffer<UInt32>
  /// Where pieces of about equal length begin, between owners; and the end.
  private let pieces: [Int]

  private static let pieceLength = 2048

  /// Groups the rows of `vertexCount` vertices.
  ///
  /// - Parameters:
  ///   - vertices: the vertex of every copy, in the order of segments, which the groups keep.
  ///   - rows: the row of every copy.
  ///   - vertexRows: the owner of each vertex.
  init(
    of vertices: AlignedBuffer<UInt32>, in rows: AlignedBuffer<UInt32>,
    owners vertexRows: AlignedBuffer<UInt32>, vertexCount: Int
  ) {
    // Where the copies of a vertex end, counted first; then filled from behind.
    let ends = AlignedBuffer<UInt32>(zeros: vertexCount)
    for index in 0..<vertices.count { ends.base[Int(vertices.base[index])] += 1 }
    var pieces = [0]
    var total: UInt32 = 0
    for vertex in 0..<vertexCount where ends.base[vertex] > 0 {
      if Int(total) - (pieces.last ?? 0) >= Self.pieceLength { pieces.append(Int(total)) }
      total += ends.base[vertex]
      ends.base[vertex] = total
    }
    if pieces.last != Int(total) { pieces.append(Int(total)) }
    let owners = AlignedBuffer<UInt32>(uninitialized: vertices.count)
    let copies = AlignedBuffer<UInt32>(uninitialized: vertices.count)
    for index in (0..<vertices.count).reversed() {
      let vertex = Int(vertices.base[index])
      ends.base[vertex] -= 1
      let place = Int(ends.base[vertex])
      owners.base[place] = vertexRows.base[vertex]
      copies.base[place] = rows.base[index]
    }
    self.owners = owners
    self.copies = copies
    self.pieces = pieces
  }

  /// Adds every copy to its owner.
  func merge(_ panel: RowPanels.Panel, parallelism: Parallelism) {
    parallelism.forEach(pieces.count - 1) { piece in
      let first = pieces[piece]
      ck_lattice_merge(
        panel.base, panel.width, owners.base + first, copies.base + first,
        pieces[piece + 1] - first)
    }
  }

  /// Overwrites every copy with its owner.
  func replicate(_ panel: RowPanels.Panel, parallelism: Parallelism) {
    parallelism.forEach(pieces.count - 1) { piece in
      let first = pieces[piece]
      ck_lattice_spread(
        panel.base, panel.width, owners.base + first, copies.base + first,
        pieces[piece + 1] - first)
    }
  }

  /// Calls `body` for every copy and its owner.
  func forEach(_ body: (_ copy: Int, _ owner: Int) -> Void) {
    for index in 0..<owners.count {
      body(Int(copies.base[index]), Int(owners.base[index]))
    }
  }
}
