import LatticeSupport
import Unaries

extension FeatureKernel {
  /// Features as files hold them: (d, H, W) or (H, W, d), and without d where there is one feature.
  ///
  /// The axes of points may be flattened into one, and there are as many as the grid has. Where
  /// both orders fit, it is the first, as for scores.
  /// - Throws: `InputError` where the array does not fit the grid, and as the other initializer
  ///   does.
  public init(
    _ array: NumericArray, on grid: GridShape, scaling: Scaling = .unit, components: Int? = nil
  ) throws {
    let shape = array.shape
    if shape == grid.extents || shape == [grid.count] {
      try self.init(rows: array.values, dimensions: 1, scaling: scaling, components: components)
      return
    }
    if let dimensions = shape.first, Self.fits(shape.dropFirst(), grid) {
      try self.init(
        rows: Self.rows(ofPlanes: array.values, points: grid.count, dimensions: dimensions),
        dimensions: dimensions, scaling: scaling, components: components)
      return
    }
    guard let dimensions = shape.last, Self.fits(shape.dropLast(), grid) else {
      let extents = grid.extents.map(String.init).joined(separator: ",")
      throw InputError(
        .data,
        "features of shape \(shape) do not fit a grid of \(grid)",
        remedy: "expected (d,\(extents)) or (\(extents),d), or (d,\(grid.count)) or "
          + "(\(grid.count),d)")
    }
    try self.init(
      rows: array.values, dimensions: dimensions, scaling: scaling, components: components)
  }

  private static func fits(_ axes: ArraySlice<Int>, _ grid: GridShape) -> Bool {
    Array(axes) == grid.extents || Array(axes) == [grid.count]
  }

  private static func rows(ofPlanes values: [Float], points: Int, dimensions: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: values.count) { rows, count in
      for point in 0..<points {
        for dimension in 0..<dimensions {
          rows[point * dimensions + dimension] = values[dimension * points + point]
        }
      }
      count = values.count
    }
  }
}
