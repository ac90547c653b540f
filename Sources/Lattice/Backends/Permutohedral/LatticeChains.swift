import CKernels
import Support

/// The vertices of a lattice in rows of neighbours along one axis, as the blur visits them.
///
/// A chain is a longest run of vertices in which each is the upper neighbour of the one before. It
/// is blurred in place, every row read once and written once. Vertices without neighbours stay as
/// they are and are not listed: above a few dimensions that is most of them.
struct LatticeChains: Sendable {
  /// Rows, chain after chain, each chain followed by row 0. The first entry is a 0 too.
  private let entries: AlignedBuffer<UInt32>
  /// Where pieces of about equal length begin, between chains; and the end.
  private let pieces: [Int]

  /// Entries a piece has at least: work for some tens of microseconds.
  private static let pieceLength = 4096

  /// - Parameters:
  ///   - above: the vertex above each vertex along the axis, or `UInt32.max`.
  ///   - rows: the row of each vertex.
  init(above: AlignedBuffer<UInt32>, rows: AlignedBuffer<UInt32>) {
    let vertexCount = above.count
    let hasBelow = AlignedBuffer<UInt8>(zeros: vertexCount)
    var links = 0
    for vertex in 0..<vertexCount where above.base[vertex] != .max {
      hasBelow.base[Int(above.base[vertex])] = 1
      links += 1
    }
    // A chain of k vertices has k − 1 links, so chains of two or more are at most as many as links.
    let lookahead = Int(CK_CHAIN_LOOKAHEAD)
    let entries = AlignedBuffer<UInt32>(uninitialized: 3 * links + 2 + lookahead)
    entries.base[0] = 0
    var count = 1
    var pieces = [0]
    for start in 0..<vertexCount where hasBelow.base[start] == 0 && above.base[start] != .max {
      var vertex = UInt32(start)
      while vertex != .max {
        entries.base[count] = rows.base[Int(vertex)]
        count += 1
        vertex = above.base[Int(vertex)]
      }
      entries.base[count] = 0
      count += 1
      if count - (pieces.last ?? 0) > Self.pieceLength { pieces.append(count - 1) }
    }
    if pieces.last != count - 1 { pieces.append(count - 1) }
    entries.clear(count..<count + lookahead)
    self.entries = entries
    self.pieces = pieces
  }

  /// Replaces every row by itself plus half of its neighbours, in place.
  func blur(_ panel: RowPanels.Panel, parallelism: Parallelism) {
    parallelism.forEach(pieces.count - 1) { piece in
      let first = pieces[piece]
      let unused = AlignedBuffer<Float>(uninitialized: panel.width)
      ck_lattice_blur(
        panel.base, panel.width, entries.base + first, pieces[piece + 1] - first, unused.base)
    }
  }

  /// Calls `body` for every row that has an upper neighbour, and that neighbour.
  func forEachLink(_ body: (_ lower: Int, _ upper: Int) -> Void) {
    for index in 1..<max(1, pieces.last ?? 0) {
      let (lower, upper) = (entries.base[index], entries.base[index + 1])
      if lower != 0 && upper != 0 { body(Int(lower), Int(upper)) }
    }
  }
}
