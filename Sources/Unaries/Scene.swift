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
  /// Which points count; `nil` where all do.
  public let mask: PointMask?
  /// How far apart neighbours are along each axis in millimetres, slowest axis first; `nil` where
  /// nobody knows.
  public var spacing: [Float]?
  /// How far each point is moved before kernels compare positions, in steps of the grid: N × rank
  /// numbers, slowest axis first; `nil` where points stay where they are.
  ///
  /// Motion over a sequence is undone so: what moves is compared where it would stand in one frame.
  public var displacements: [Float]? {
    didSet {
      precondition(
        displacements.map { $0.count == grid.count * grid.rank } ?? true,
        "\(displacements!.count) displacements over a grid of \(grid)")
    }
  }

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
  ///   - mask: which points count, on the same grid; `nil` where all do.
  public init(
    grid: GridShape, image: Image?, origin: [Int]? = nil, mask: PointMask? = nil
  ) {
    precondition(image.map { $0.grid == grid } ?? true, "an image of \(image!.grid) over \(grid)")
    precondition(
      origin.map { $0.count == grid.rank } ?? true, "\(origin!) is not a place on \(grid.rank) axes"
    )
    precondition(mask.map { $0.grid == grid } ?? true, "a mask of \(mask!.grid) over \(grid)")
    self.grid = grid
    self.image = image
    self.mask = mask.flatMap { $0.isFull ? nil : $0 }
    self.origin = origin ?? [Int](repeating: 0, count: grid.rank)
  }

  /// The points that count, as `DenseCRF` takes them: the grid, or where some are left out the
  /// others in a line.
  package var countedGrid: GridShape? {
    guard let mask else { return grid }
    return mask.count > 0 ? GridShape(width: mask.count, height: 1) : nil
  }
}
