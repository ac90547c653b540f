import LatticeSupport

/// Optical flow: where the pixels of a frame are in the frame beside it.
public struct FlowField: Sendable, Equatable {
  /// The frame's grid, of two axes.
  public let grid: GridShape
  /// (x, y) of each pixel in pixels, x to the right and y downwards: N × 2 numbers, finite, or NaN
  /// where nobody knows.
  public let vectors: [Float]

  /// Which frame a field of flow leads to.
  public enum Direction: String, Sendable, CaseIterable {
    /// To the next frame: what stands at p then stands at p + v.
    case forward
    /// To the frame before: what stands at p stood at p + v.
    case backward
  }

  /// - Parameters:
  ///   - grid: of two axes.
  ///   - vectors: N × 2 numbers; where one of a pair is not finite, both count as unknown.
  /// - Throws: `InputError` where there are more axes, or another number of vectors.
  public init(grid: GridShape, vectors: [Float]) throws {
    guard grid.rank == 2, vectors.count == 2 * grid.count else {
      throw InputError(
        .data,
        "\(vectors.count) numbers are not the flow over a frame of \(grid), which are "
          + "\(2 * grid.count)")
    }
    self.grid = grid
    var vectors = vectors
    for point in 0..<grid.count
    where !(vectors[2 * point].isFinite && vectors[2 * point + 1].isFinite) {
      (vectors[2 * point], vectors[2 * point + 1]) = (.nan, .nan)
    }
    self.vectors = vectors
  }

  /// Flow as arrays have it: (2, H, W), x before y.
  ///
  /// - Throws: `InputError` where the array has another shape.
  public init(_ array: NumericArray) throws {
    guard array.shape.count == 3, array.shape[0] == 2, array.shape[1] >= 1, array.shape[2] >= 1
    else {
      throw InputError(
        .data, "is an array of shape \(array.shape), which is not flow",
        remedy: "flow is (2,H,W): how far each pixel goes to the right, and how far down")
    }
    let grid = try GridShape(Array(array.shape.dropFirst()))
    try self.init(
      grid: grid,
      vectors: (0..<grid.count).flatMap { [array.values[$0], array.values[grid.count + $0]] })
  }

  /// The vector of a pixel; `nil` where nobody knows. O(1).
  package func vector(_ point: Int) -> SIMD2<Float>? {
    let x = vectors[2 * point]
    return x.isNaN ? nil : SIMD2(x, vectors[2 * point + 1])
  }
}
