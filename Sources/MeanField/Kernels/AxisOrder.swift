/// The order of positions among features. A lattice's result depends on it slightly.
public enum AxisOrder: String, Sendable, CaseIterable {
  /// x, y(, z): the fastest axis of the grid first, as pydensecrf's two-dimensional class has it.
  case xFirst
  /// (z,) y, x: the order of the grid's extents, as pydensecrf's feature helpers have it.
  case gridOrder

  /// The axes of a grid of `rank` axes (0 is the slowest) in the order of features.
  func axes(rank: Int) -> [Int] {
    switch self {
    case .xFirst: (0..<rank).reversed()
    case .gridOrder: Array(0..<rank)
    }
  }
}
