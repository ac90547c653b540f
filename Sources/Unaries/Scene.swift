/// What is labelled: a grid of points, and the image over it where there is one.
public struct Scene: Sendable {
  /// The points to label.
  public let grid: GridShape
  /// What lies over them; `nil` where only positions are known.
  public let image: Image?
  /// Where the first point lies in the grid that a tile is cut from, slowest axis first; zeros for
  /// a scene of its own.
  ///
  /// Kernels place positions by it so that a lattice has its vertices where that of the whole has
  /// them.
  public let origin: [Int]

  /// The points of `image`.
  public init(_ image: Image) {
    self.init(grid: image.grid, image: image)
  }

  /// Points without an image.
  public init(grid: GridShape) {
    self.init(grid: grid, image: nil)
  }

  /// A tile: points that lie at `origin` of a larger scene, or a scene of its own.
  ///
  /// - Parameters:
  ///   - grid: the points.
  ///   - image: what lies over them, on the same grid.
  ///   - origin: a coordinate for each axis of the grid; `nil` for zeros.
  public init(grid: GridShape, image: Image?, origin: [Int]? = nil) {
    precondition(image.map { $0.grid == grid } ?? true, "an image of \(image!.grid) over \(grid)")
    precondition(
      origin.map { $0.count == grid.rank } ?? true, "\(origin!) is not a place on \(grid.rank) axes"
    )
    self.grid = grid
    self.image = image
    self.origin = origin ?? [Int](repeating: 0, count: grid.rank)
  }
}
