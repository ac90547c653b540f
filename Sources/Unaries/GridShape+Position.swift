extension GridShape {
  /// Where point `point` lies, in words for error texts: `row 2, column 5` of an image, `point 5`
  /// of a line, `(1, 2, 5)` of a volume.
  package func position(of point: Int) -> String {
    switch rank {
    case 1: "point \(point)"
    case 2: "row \(point / width), column \(point % width)"
    default: "(" + coordinates(of: point).map(String.init).joined(separator: ", ") + ")"
    }
  }

  /// The coordinate of point `point` on each axis, slowest first. O(rank).
  package func coordinates(of point: Int) -> [Int] {
    var coordinates = [Int](repeating: 0, count: rank)
    var rest = point
    for axis in (0..<rank).reversed() {
      coordinates[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    return coordinates
  }
}
