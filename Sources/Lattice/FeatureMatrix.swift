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

  /// The length of each axis of the grid that the points are on, slowest first; `nil` where they
  /// are on none.
  ///
  /// A backend may visit the points line by line, in strips that its caches hold, where results
  /// differ by rounding at most; or it may look at neighbours on the grid alone.
  public let extents: [Int]?

  package let storage: AlignedBuffer<Float>

  /// Positions on a regular grid, divided by one bandwidth per axis.
  public struct GridPositions: Sendable, Hashable {
    /// The length of each axis, slowest first.
    public let extents: [Int]
    /// The bandwidth of each axis in grid steps, in the order of `extents`.
    public let bandwidths: [Float]

    /// - Parameters:
    ///   - extents: the length of each axis, slowest first; at least one axis, each at least 0.
    ///   - bandwidths: in grid steps, above 0; infinite where positions do not matter.
    public init(extents: [Int], bandwidths: [Float]) {
      precondition(
        extents.count == bandwidths.count && !extents.isEmpty,
        "\(extents.count) axes with \(bandwidths.count) bandwidths")
      precondition(
        extents.allSatisfy { $0 >= 0 } && bandwidths.allSatisfy { $0 > 0 },
        "extents \(extents) with bandwidths \(bandwidths)")
      self.extents = extents
      self.bandwidths = bandwidths
    }
  }

  /// - Parameters:
  ///   - points: N.
  ///   - dimensions: d, at least 1.
  ///   - rows: `rows[i * dimensions + j]` is feature j of point i, divided by its bandwidth.
  ///   - grid: what the positions are, where the features are positions on a grid and nothing else;
  ///     feature j is then the coordinate along axis j, but for a constant.
  ///   - extents: the length of each axis, slowest first, where the points are those of a grid.
  /// - Throws: `LatticeError.notFinite` where a feature is NaN or infinite.
  public init(
    points: Int, dimensions: Int, rows: [Float], grid: GridPositions? = nil, extents: [Int]? = nil
  ) throws {
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
    self.init(
      points: points, dimensions: dimensions, storage: storage, grid: grid, extents: extents)
    if let grid { checkCorners(of: grid) }
  }

  /// Features that `body` writes to the memory that it is passed, N × d floats in the order of
  /// points, all of which it must set.
  ///
  /// - Throws: what `body` throws; `LatticeError.notFinite` where a feature is NaN or infinite.
  public init(
    points: Int, dimensions: Int, grid: GridPositions? = nil, extents: [Int]? = nil,
    writingInto body: (UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    precondition(points >= 0 && dimensions >= 1, "\(points) × \(dimensions) features")
    let storage = AlignedBuffer<Float>(uninitialized: points * dimensions)
    try body(storage.bufferPointer)
    for index in 0..<storage.count where !storage.base[index].isFinite {
      throw LatticeError.notFinite(
        point: index / dimensions, dimension: index % dimensions, value: storage.base[index])
    }
    self.init(
      points: points, dimensions: dimensions, storage: storage, grid: grid, extents: extents)
    if let grid { checkCorners(of: grid) }
  }

  /// The first and the last point must lie as far apart as the corners of the grid.
  private func checkCorners(of grid: GridPositions) {
    guard points > 0 else { return }
    for (axis, (extent, bandwidth)) in zip(grid.extents, grid.bandwidths).enumerated() {
      let expected = Float(extent - 1) / bandwidth
      let found = self[points - 1, axis] - self[0, axis]
      precondition(
        abs(found - expected) <= 1e-3 * max(1, abs(expected)),
        "feature \(axis) rises by \(found) over the points, not by \(expected) as on the grid")
    }
  }

  /// Features that the caller has checked to be finite.
  package init(
    points: Int, dimensions: Int, storage: AlignedBuffer<Float>, grid: GridPositions?,
    extents: [Int]? = nil
  ) {
    precondition(
      storage.count == points * dimensions && dimensions >= 1,
      "\(points) × \(dimensions) features needed, \(storage.count) given")
    let extents = extents ?? grid?.extents
    precondition(
      extents.map { !$0.isEmpty && $0.reduce(1, *) == points } ?? true,
      "a grid of \(extents ?? []) for \(points) points")
    if let grid {
      precondition(
        grid.extents.count == dimensions && grid.extents.reduce(1, *) == points,
        "a grid of \(grid.extents) for \(points) points of \(dimensions) features")
    }
    self.points = points
    self.dimensions = dimensions
    self.storage = storage
    self.grid = grid
    self.extents = extents
  }

  /// Points of a line of the grid that the points are on; `nil` where they are on none.
  public var lineLength: Int? { extents?.last }

  /// Calls `body` with all features, N × d in the order of points.
  public func withUnsafeBufferPointer<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeBufferPointer(storage.bufferPointer))
  }

  /// Feature `dimension` of point `point`. O(1).
  public subscript(point: Int, dimension: Int) -> Float {
    precondition(
      point >= 0 && point < points && dimension >= 0 && dimension < dimensions,
      "(\(point), \(dimension)) outside \(points) × \(dimensions)")
    return storage.base[point * dimensions + dimension]
  }
}
