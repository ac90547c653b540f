import CKernels
import LatticeSupport

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
    let (above, rows) = (above.base, rows.base)
    let starts = AlignedBuffer<UInt32>(uninitialized: vertexCount)
    let isHead = AlignedBuffer<UInt8>(repeating: 1, count: vertexCount + 1)
    // Which vertices have neighbours cannot be predicted, so nothing branches on it.
    var links = 0
    for vertex in 0..<vertexCount {
      let isAbsent = above[vertex] == .max
      isHead.base[isAbsent ? vertexCount : Int(above[vertex])] = 0
      links += isAbsent ? 0 : 1
    }
    var startCount = 0
    for vertex in 0..<vertexCount {
      starts.base[startCount] = UInt32(vertex)
      startCount += Int(isHead.base[vertex]) & (above[vertex] == .max ? 0 : 1)
    }
    let lookahead = Int(CK_CHAIN_LOOKAHEAD)
    let entries = AlignedBuffer<UInt32>(uninitialized: links + 2 * startCount + 1 + lookahead)
    entries.base[0] = 0
    var count = 1
    var pieces = [0]
    var pieceEnd = Self.pieceLength
    for start in 0..<startCount {
      var vertex = starts.base[start]
      while vertex != .max {
        entries.base[count] = rows[Int(vertex)]
        count += 1
        vertex = above[Int(vertex)]
      }
      entries.base[count] = 0
      count += 1
      if count > pieceEnd {
        pieces.append(count - 1)
        pieceEnd = count + Self.pieceLength
      }
    }
    if pieces.last != count - 1 { pieces.append(count - 1) }
    entries.clear(count..<count + lookahead)
    self.entries = entries
    self.pieces = pieces
  }

  /// Replaces every row by itself plus its neighbours times `weight`, in place.
  func blur(_ panel: RowPanels.Panel, weight: Float, parallelism: Parallelism) {
    parallelism.forEach(pieces.count - 1) { piece in
      let first = pieces[piece]
      let unused = AlignedBuffer<Float>(uninitialized: panel.width)
      ck_lattice_blur(
        panel.base, panel.width, entries.base + first, pieces[piece + 1] - first, weight,
        unused.base)
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
