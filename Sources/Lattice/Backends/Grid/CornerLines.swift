import CKernels
import LatticeSupport

/// The corners of a grid in lines along one axis, as the blur visits them.
///
/// A line ends where no corner is within the blur's radius. Corners that are alone stay as they are
/// and are not listed.
struct CornerLines: Sendable {
  private let rows: AlignedBuffer<UInt32>
  private let places: AlignedBuffer<UInt32>
  /// Where lines begin, and the end of the last.
  private let starts: AlignedBuffer<UInt32>
  /// The first line of each piece, and the end: work for some tens of microseconds each.
  private let pieces: [Int]
  private let longest: Int

  private static let pieceLength = 4096

  /// - Parameters:
  ///   - table: every corner.
  ///   - rows: the row of each.
  ///   - axis: the axis along which lines run.
  ///   - radius: of the blur.
  init(_ table: VertexTable, rows cornerRows: AlignedBuffer<UInt32>, axis: Int, radius: Int) {
    let count = table.count
    let above = AlignedBuffer<UInt32>(uninitialized: count)
    let steps = AlignedBuffer<UInt8>(uninitialized: count)
    ck_grid_above(
      &table.table, Int32(axis), Int32(radius), 0, UInt32(count), above.base, steps.base)
    let isHead = AlignedBuffer<UInt8>(repeating: 1, count: count)
    for corner in 0..<count where above.base[corner] != .max {
      isHead.base[Int(above.base[corner])] = 0
    }
    let rows = AlignedBuffer<UInt32>(uninitialized: count)
    let places = AlignedBuffer<UInt32>(uninitialized: count)
    var starts: [UInt32] = [0]
    var pieces = [0]
    var (filled, pieceEnd, longest) = (0, Self.pieceLength, 0)
    for head in 0..<count where isHead.base[head] == 1 && above.base[head] != .max {
      let start = filled
      var (corner, place) = (head, UInt32(0))
      while true {
        rows.base[filled] = cornerRows.base[corner]
        places.base[filled] = place
        filled += 1
        guard above.base[corner] != .max else { break }
        place += UInt32(steps.base[corner])
        corner = Int(above.base[corner])
      }
      longest = max(longest, filled - start)
      starts.append(UInt32(filled))
      if filled > pieceEnd {
        pieces.append(starts.count - 1)
        pieceEnd = filled + Self.pieceLength
      }
    }
    if pieces.last != starts.count - 1 { pieces.append(starts.count - 1) }
    self.rows = AlignedBuffer(part: 0..<filled, of: rows)
    self.places = AlignedBuffer(part: 0..<filled, of: places)
    self.starts = AlignedBuffer(copying: starts)
    self.pieces = pieces
    self.longest = longest
  }

  /// Blurs along the lines, in place.
  func blur(_ panel: RowPanels.Panel, _ axis: GridAxis, parallelism: Parallelism) {
    let lines = ck_grid_lines(rows: rows.base, places: places.base, starts: starts.base)
    parallelism.forEach(pieces.count - 1) { piece in
      let scratch = AlignedBuffer<Float>(uninitialized: longest * panel.width)
      ck_grid_blur(
        panel.base, panel.width, lines, pieces[piece], pieces[piece + 1], axis.taps.base,
        axis.radius, scratch.base)
    }
  }
}
