import CKernels
import LatticeSupport
import Unaries

/// Some points of a grid, a bit for each.
struct PointSet: @unchecked Sendable {
  private let grid: GridShape
  /// Rows of whole words; bits beyond the width are 0.
  private let bits: AlignedBuffer<UInt64>

  private var rows: Int { grid.count / grid.width }
  private var words: Int { (grid.width + 63) / 64 }
  /// Rows that are worked on together.
  private var rowsOfPiece: Int { max(1, (1 << 15) / grid.width) }

  private init(on grid: GridShape) {
    self.grid = grid
    bits = AlignedBuffer(uninitialized: grid.count / grid.width * ((grid.width + 63) / 64))
  }

  /// The points of `label`. O(N).
  init(
    of label: UInt16, in labels: UnsafePointer<UInt16>, on grid: GridShape,
    parallelism: Parallelism
  ) {
    self.init(on: grid)
    nonisolated(unsafe) let labels = labels
    parallelism.forEachChunk(of: rows, grain: rowsOfPiece) { rows in
      let first = rows.lowerBound
      ck_label_bits(
        labels + first * grid.width, rows.count, grid.width, label, bits.base + first * words)
    }
  }

  /// All other points. O(N/64).
  func inverted(parallelism: Parallelism) -> PointSet {
    let result = PointSet(on: grid)
    parallelism.forEachChunk(of: rows, grain: rowsOfPiece) { rows in
      let first = rows.lowerBound * words
      ck_invert_bits(bits.base + first, rows.count, grid.width, result.bits.base + first)
    }
    return result
  }

  /// The points that are at most `radius` away: Euclidean distances between centres.
  ///
  /// - Complexity: O(N/64 · (2r + 1)^(rank − 1) · log r).
  func dilated(by radius: Int, parallelism: Parallelism) -> PointSet {
    let result = PointSet(on: grid)
    let disc = Self.disc(radius, axes: grid.rank - 1)
    let outer = Array(grid.extents.dropLast())
    parallelism.forEachChunk(of: rows, grain: rowsOfPiece) { rows in
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * words) { scratch in
        for row in rows {
          let output = result.bits.base + row * words
          output.initialize(repeating: 0, count: words)
          let place = Self.place(of: row, outer)
          for (offset, reach) in disc {
            guard let other = Self.row(place, offset, outer) else { continue }
            ck_spread_bits(
              bits.base + other * words, grid.width, reach, scratch.baseAddress, output)
          }
          // What went beyond the width.
          if grid.width % 64 > 0 { output[words - 1] &= (1 << UInt64(grid.width % 64)) - 1 }
        }
      }
    }
    return result
  }

  /// The points that are further than `radius` from all others; there are none outside of the grid,
  /// nor where `mask` leaves points out.
  func eroded(by radius: Int, over mask: PointMask?, parallelism: Parallelism) -> PointSet {
    let others = inverted(parallelism: parallelism)
    if let mask { others.remove(leftOutBy: mask, parallelism: parallelism) }
    let result = others.dilated(by: radius, parallelism: parallelism)
      .inverted(parallelism: parallelism)
    if let mask { result.remove(leftOutBy: mask, parallelism: parallelism) }
    return result
  }

  /// Takes points out that a mask of the same grid leaves out. O(N).
  private func remove(leftOutBy mask: PointMask, parallelism: Parallelism) {
    parallelism.forEachChunk(of: rows, grain: rowsOfPiece) { rows in
      for row in rows {
        for column in 0..<grid.width where !mask.isCounted[row * grid.width + column] {
          bits.base[row * words + column / 64] &= ~(1 << UInt64(column % 64))
        }
      }
    }
  }

  /// Gives the points that are not in `others` a label. O(N/64 + points).
  func subtracting(
    _ others: PointSet, become label: UInt16, in labels: UnsafeMutablePointer<UInt16>,
    parallelism: Parallelism
  ) {
    nonisolated(unsafe) let labels = labels
    parallelism.forEachChunk(of: rows, grain: rowsOfPiece) { rows in
      let first = rows.lowerBound
      ck_label_points(
        bits.base + first * words, others.bits.base + first * words, rows.count, grid.width, label,
        labels + first * grid.width)
    }
  }

  /// How far rows at each offset reach along the last axis, of a disc or ball.
  private static func disc(_ radius: Int, axes: Int) -> [(offset: [Int], reach: Int)] {
    var offsets: [[Int]] = [[]]
    for _ in 0..<axes {
      offsets = offsets.flatMap { offset in
        (-radius...radius).map { offset + [$0] }.filter { Self.square($0) <= radius * radius }
      }
    }
    return offsets.map { offset in
      let rest = radius * radius - square(offset)
      var reach = Int(Double(rest).squareRoot())
      while reach * reach > rest { reach -= 1 }
      while (reach + 1) * (reach + 1) <= rest { reach += 1 }
      return (offset, reach)
    }
  }

  private static func square(_ offset: [Int]) -> Int { offset.reduce(0) { $0 + $1 * $1 } }

  private static func place(of row: Int, _ extents: [Int]) -> [Int] {
    var rest = row
    var place = extents
    for axis in extents.indices.reversed() {
      (rest, place[axis]) = rest.quotientAndRemainder(dividingBy: extents[axis])
    }
    return place
  }

  private static func row(_ place: [Int], _ offset: [Int], _ extents: [Int]) -> Int? {
    var row = 0
    for axis in extents.indices {
      let other = place[axis] + offset[axis]
      guard other >= 0, other < extents[axis] else { return nil }
      row = row * extents[axis] + other
    }
    return row
  }
}
