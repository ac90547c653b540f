import LatticeSupport

/// N points with d features each, already divided by their bandwidths.
///
/// Two points at distance r in this space are weighted exp(−½r²) by every filter.
public struct FeatureMatrix: Sendable {
  /// N, the number of points.
  public let points: Int
  /// d, the number of features of a point; at least 1.
  public let dimensions: Int
  /// The grid that the features are positions on, where they are nothing else.
  ///
  /// A backend may use it: such a Gaussian is separable.
  public let grid: GridPositions?

  /// Points of a line of the grid that the points are on; `nil` where they are on none.
  package let lineLength: Int?

  package let storage: AlignedBuffer<Float>

  /// Positions on a regular grid, divided by one bandwidth an axis.
  public struct GridPositions: Sendable, Hashable {
    /// The length of each axis, slowest first.
    public let extents: [Int]
    /// The bandwidth of each axis in grid steps, in the order of `extents`.
    public let bandwidths: [Float]

    package init(extents: [Int], bandwidths: [Float]) {
      precondition(
        extents.count == bandwidths.count,
        "\(extents.count) axes with \(bandwidths.count) bandwidths")
      self.extents = extents
      self.bandwidths = bandwidths
    }
  }

  /// - Parameters:
  ///   - points: N.
  ///   - dimensions: d, at least 1.
  ///   - rows: `rows[i * dimensions + j]` is feature j of point i, divided by its bandwidth.
  /// - Throws: `LatticeError.notFinite` where a feature is NaN or infinite.
  public init(points: Int, dimensions: Int, rows: [Float]) throws {
    precondition(
      rows.count == points * dimensions && dimensions >= 1,
      "\(points) × \(dimensions) features needed, \(rows.count) given")
    let storage = AlignedBuffer<Float>(uninitialized: rows.count)
    for (index, value) in rows.enumerated() {
      guard value.isFinite else {
        throw LatticeError.notFinite(
          point: index / dimensions, dimension: index % dimensions, value: value)
      }
      storage.base[index] = value
    }
    self.init(points: points, dimensions: dimensions, storage: storage, grid: nil)
  }

  /// Features that the caller has checked to be finite.
  package init(
    points: Int, dimensions: Int, storage: AlignedBuffer<Float>, grid: GridPositions?,
    lineLength: Int? = nil
  ) {
    precondition(
      storage.count == points * dimensions && dimensions >= 1,
      "\(points) × \(dimensions) features needed, \(storage.count) given")
    self.points = points
    self.dimensions = dimensions
    self.storage = storage
    self.grid = grid
    self.lineLength = lineLength
  }

  /// Feature `dimension` of point `point`. O(1).
  public subscript(point: Int, dimension: Int) -> Float {
    precondition(
      point >= 0 && point < points && dimension >= 0 && dimension < dimensions,
      "(\(point), \(dimension)) outside \(points) × \(dimensions)")
    return storage.base[point * dimensions + dimension]
  }
}
