import CKernels
import Support

/// The rows of vertices that several segments touch, grouped by the row that owns the vertex.
struct LatticeCopies: Sendable {
  /// Owners with at least one copy.
  let count: Int
  private let owners: AlignedBuffer<UInt32>
  /// Where the copies of each owner begin; one more than owners.
  private let starts: AlignedBuffer<UInt32>
  private let copies: AlignedBuffer<UInt32>

  private static let grain = 2048

  /// Groups the rows of `vertexCount` vertices.
  ///
  /// - Parameters:
  ///   - rows: the owner of each vertex.
  ///   - copies: row and vertex of every copy, in the order of segments, which the groups keep.
  init(
    rows: AlignedBuffer<UInt32>, vertexCount: Int, copies pairs: [(row: UInt32, vertex: UInt32)]
  ) {
    // Where the copies of a vertex end, counted first; then filled from behind.
    var ends = [UInt32](repeating: 0, count: vertexCount)
    for pair in pairs { ends[Int(pair.vertex)] += 1 }
    let count = ends.count { $0 > 0 }
    let owners = AlignedBuffer<UInt32>(uninitialized: count)
    let starts = AlignedBuffer<UInt32>(uninitialized: count + 1)
    var group = 0
    var total: UInt32 = 0
    for vertex in 0..<vertexCount where ends[vertex] > 0 {
      owners.base[group] = rows.base[vertex]
      starts.base[group] = total
      total += ends[vertex]
      ends[vertex] = total
      group += 1
    }
    starts.base[count] = total
    let copies = AlignedBuffer<UInt32>(uninitialized: pairs.count)
    for pair in pairs.reversed() {
      ends[Int(pair.vertex)] -= 1
      copies.base[Int(ends[Int(pair.vertex)])] = pair.row
    }
    self.count = count
    self.owners = owners
    self.starts = starts
    self.copies = copies
  }

  /// Adds every copy to its owner.
  func merge(_ panel: RowPanels.Panel, parallelism: Parallelism) {
    parallelism.forEachChunk(of: count, grain: Self.grain) { range in
      ck_lattice_merge(
        panel.base, panel.width, owners.base + range.lowerBound,
        starts.base + range.lowerBound, copies.base, range.count)
    }
  }

  /// Overwrites every copy with its owner.
  func spread(_ panel: RowPanels.Panel, parallelism: Parallelism) {
    parallelism.forEachChunk(of: count, grain: Self.grain) { range in
      ck_lattice_spread(
        panel.base, panel.width, owners.base + range.lowerBound,
        starts.base + range.lowerBound, copies.base, range.count)
    }
  }

  /// Calls `body` for every copy and its owner.
  func forEach(_ body: (_ copy: Int, _ owner: Int) -> Void) {
    for index in 0..<count {
      for copy in starts.base[index]..<starts.base[index + 1] {
        body(Int(copies.base[Int(copy)]), Int(owners.base[index]))
      }
    }
  }
}
