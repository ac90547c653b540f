import LatticeSupport

/// An array that is read a box at a time: a range of each axis.
package protocol BoxSource {
  /// The length of each axis, slowest first.
  var shape: [Int] { get }

  /// The numbers of `box`, which has a range for each axis, in C order.
  ///
  /// - Throws: `InputError` where they cannot be read.
  func read(_ box: [Range<Int>]) throws -> NumericArray
}

/// An array in memory, for formats that cannot be read in parts.
extension NumericArray: BoxSource {
  package func read(_ box: [Range<Int>]) throws -> NumericArray {
    let runs = BoxRuns(box, in: shape)
    var part: [Float] = []
    part.reserveCapacity(runs.count * runs.length)
    runs.forEach { part += values[$0..<$0 + runs.length] }
    return try NumericArray(shape: box.map(\.count), values: part)
  }
}

/// The stretches of consecutive numbers that a box consists of, in an array with the last axis
/// fastest.
package struct BoxRuns {
  /// Numbers in each stretch.
  package let length: Int
  /// Stretches.
  package let count: Int
  private let outer: [Range<Int>]
  /// How far apart neighbours along each of the outer axes are.
  private let strides: [Int]
  private let first: Int

  package init(_ box: [Range<Int>], in shape: [Int]) {
    precondition(
      box.count == shape.count && zip(box, shape).allSatisfy { !$0.isEmpty && $0.upperBound <= $1 },
      "a box of \(box) in an array of \(shape)")
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    // Axes that are covered whole run on with the one before them.
    var axis = shape.count - 1
    while axis > 0, box[axis].count == shape[axis] { axis -= 1 }
    let inner = max(0, axis)
    length = box[inner...].reduce(1) { $0 * $1.count }
    outer = Array(box[..<inner])
    count = outer.reduce(1) { $0 * $1.count }
    first = box.isEmpty ? 0 : box[inner].lowerBound * strides[inner]
    self.strides = strides
  }

  /// Calls `body` with the place of each stretch's first number in the array.
  package func forEach(_ body: (Int) throws -> Void) rethrows {
    var position = outer.map(\.lowerBound)
    for _ in 0..<count {
      try body(zip(position, strides).reduce(first) { $0 + $1.0 * $1.1 })
      for axis in outer.indices.reversed() {
        position[axis] += 1
        if position[axis] < outer[axis].upperBound { break }
        position[axis] = outer[axis].lowerBound
      }
    }
  }
}
