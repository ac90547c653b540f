/// What is labelled: a grid of points, and the image over it where there is one.
public struct Scene: Sendable {
  /// The points to label.
  public let grid: GridShape
  /// What lies over them; `nil` where only positions are known.
  public let image: Image?

  /// The points of `image`.
  public init(_ image: Image) {
    grid = image.grid
    self.image = image
  }

  /// Points without an image.
  public init(grid: GridShape) {
    self.grid = grid
    image = nil
  }
}
