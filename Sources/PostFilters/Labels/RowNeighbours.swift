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
  }

  /// Rows beyond which no neighbour lies.
  var farthest: Int { distances.max() ?? 0 }

  /// Calls `body` for each of `rows` and each of its neighbours before it, in the order of the
  /// grid: the row, the neighbour, and whether points touch at corners.
  func forEach(_ rows: Range<Int>, _ body: (Int, Int, Bool) -> Void) {
    guard extents.count > 1 else {
      for row in max(1, rows.lowerBound)..<max(1, rows.upperBound) {
        for index in distances.indices { body(row, row - 1, areDiagonal[index]) }
      }
      return
    }
    var place = [Int](repeating: 0, count: extents.count)
    var rest = rows.lowerBound
    for axis in extents.indices.reversed() {
      (rest, place[axis]) = rest.quotientAndRemainder(dividingBy: extents[axis])
    }
    for row in rows {
      for index in distances.indices {
        var isInside = true
        for axis in extents.indices {
          let other = place[axis] + steps[index * extents.count + axis]
          isInside = isInside && other >= 0 && other < extents[axis]
        }
        if isInside { body(row, row - distances[index], areDiagonal[index]) }
      }
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
