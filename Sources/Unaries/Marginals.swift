import LatticeSupport

/// Qᵢ(l): the probability of each label at each point; every row sums to 1.
public struct Marginals: Sendable {
  /// The grid of points.
  public let grid: GridShape
  /// N × L probabilities.
  public package(set) var values: ChannelField

  /// - Parameters:
  ///   - grid: the grid of points.
  ///   - values: N × L probabilities; every row sums to 1.
  public init(grid: GridShape, values: ChannelField) {
    precondition(
      values.points == grid.count, "\(values.points) marginals over \(grid.count) points")
    self.grid = grid
    self.values = values
  }

  /// The most probable label of each point; the lowest of equals. O(N·L).
  public var labels: LabelMap { labels(parallelism: .serial) }

  /// The same, on several threads.
  public func labels(parallelism: Parallelism) -> LabelMap {
    LabelMap(ofGreatest: values, grid: grid, parallelism: parallelism)
  }
}
