import LatticeSupport

/// Numbers from a file with the extents of their axes: an N-D array in C order, as float32.
public struct NumericArray: Sendable, Equatable {
  /// The length of each axis, slowest first; empty for a single number.
  public let shape: [Int]
  /// The numbers, last axis fastest.
  public let values: [Float]

  /// - Throws: `InputError` where the number of values is not the product of `shape`.
  public init(shape: [Int], values: [Float]) throws {
    let count = shape.reduce(1, *)
    guard shape.allSatisfy({ $0 >= 0 }), count == values.count else {
      throw InputError(
        .data, "an array of shape \(shape) needs \(count) values, but \(values.count) are given")
    }
    self.shape = shape
    self.values = values
  }
}
