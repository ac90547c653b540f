import CKernels
import Unaries

/// Which rows of a grid, lines along its last axis, hold neighbours of a row's points.
struct RowNeighbours: Sendable {
  /// The lengths of all axes but the last.
  private let extents: [Int]
  /// How many rows lie between a row and a neighbour that is before it; in the order of the grid.
  private let distances: [Int]
  /// For each of them, how far it is along each axis.
  private let steps: [Int]
  /// For each of them, whether points touch at corners, too.
  let areDiagonal: [Bool]
  /// The same rows for `ck_link_rows`, and which of them each is.
  private let lists: [(indices: [Int], rows: [ck_row_neighbour])]

  /// - Parameter order: along how many axes at once neighbours may differ.
  /// - Parameter grid: the grid.
  init(on grid: GridShape, order: Int) {
    extents = Array(grid.extents.dropLast())
    var offsets: [[Int]] = [[]]
    for _ in extents { offsets = offsets.flatMap { offset in (-1...1).map { offset + [$0] } } }
    let earlier = offsets.filter { offset in
      (offset.first { $0 != 0 } ?? 1) < 0 && offset.count { $0 != 0 } <= order
    }
    steps = earlier.flatMap(\.self)
    areDiagonal = earlier.map { offset in offset.count { $0 != 0 } < order }
    let extents = extents
    distances = earlier.map { offset in -zip(offset, extents).reduce(0) { $0 * $1.1 + $1.0 } }
    lists = Self.lists(earlier, distances: distances, order: order)
  }

  /// Lists of rows at some offsets, those that differ along the fewest axes first: their points
  /// touch most of the others.
  private static func lists(
    _ offsets: [[Int]], distances: [Int], order: Int
  ) -> [(indices: [Int], rows: [ck_row_neighbour])] {
    func axes(_ offset: [Int]) -> Int { offset.count { $0 != 0 } }
    let sorted = (1...order).flatMap { count in
      offsets.indices.filter { axes(offsets[$0]) == count }
    }
    let most = Int(CK_ROW_NEIGHBOURS)
    return stride(from: 0, to: sorted.count, by: most).map { first in
      let indices = Array(sorted[first..<min(sorted.count, first + most)])
      /// Bits of those whose points touch those of another, in columns so far apart.
      func touching(_ own: Int, columns: Int) -> UInt32 {
        indices.enumerated().reduce(0) { bits, other in
          let step = zip(offsets[own], offsets[other.element]).map { $0 - $1 }
          let touches = step.allSatisfy { abs($0) <= 1 } && axes(step) + columns <= order
          return touches && other.element != own ? bits | 1 << other.offset : bits
        }
      }
      let rows = indices.enumerated().map { place, index in
        ck_row_neighbour(
          distance: distances[index], diagonal: axes(offsets[index]) < order,
          beside: touching(index, columns: 0) & (1 << place - 1),
          across: touching(index, columns: 1))
      }
      return (indices, rows)
    }
  }

  /// Rows beyond which no neighbour lies.
  var farthest: Int { distances.max() ?? 0 }

  /// Calls `body` for each of `rows` and each of its neighbours before it, in the order of the
  /// grid: the row, the neighbour, and whether points touch at corners.
  func forEach(_ rows: Range<Int>, _ body: (Int, Int, Bool) -> Void) {
    walk(rows) { row, place in
      for index in distances.indices where isInside(place, index) {
        body(row, row - distances[index], areDiagonal[index])
      }
    }
  }

  /// Calls `body` for each of `rows` that has neighbours before it among `others`, with lists of
  /// rows and the bits of those that are its neighbours; see `ck_link_rows`.
  func forEachList(
    _ rows: Range<Int>, among others: Range<Int>,
    _ body: (Int, UnsafePointer<ck_row_neighbour>, Int, UInt32) -> Void
  ) {
    walk(rows) { row, place in
      for list in lists {
        var present: UInt32 = 0
        for (bit, index) in list.indices.enumerated()
        where others ~= row - distances[index] && isInside(place, index) {
          present |= 1 << bit
        }
        guard present != 0 else { continue }
        list.rows.withUnsafeBufferPointer { body(row, $0.baseAddress!, $0.count, present) }
      }
    }
  }

  /// Whether the neighbour of a row at some place lies in the grid.
  private func isInside(_ place: [Int], _ index: Int) -> Bool {
    for axis in extents.indices {
      let other = place[axis] + steps[index * extents.count + axis]
      if other < 0 || other >= extents[axis] { return false }
    }
    return true
  }

  /// Calls `body` for each row and its coordinates.
  private func walk(_ rows: Range<Int>, _ body: (Int, [Int]) -> Void) {
    guard !extents.isEmpty else { return }
    var place = [Int](repeating: 0, count: extents.count)
    var rest = rows.lowerBound
    for axis in extents.indices.reversed() {
      (rest, place[axis]) = rest.quotientAndRemainder(dividingBy: extents[axis])
    }
    for row in rows {
      body(row, place)
      var axis = extents.count - 1
      place[axis] += 1
      while axis > 0, place[axis] == extents[axis] {
        place[axis] = 0
        axis -= 1
        place[axis] += 1
      }
    }
  }
}
