import LatticeSupport

/// Qᵢ(l): the probability of each label at each point; every row sums to 1.
public struct Marginals: Sendable {
  /// The grid of points.
  public let grid: GridShape
  /// N × L probabilities.
  public package(set) var values: ChannelField

  /// Marginals that a solver or a refinement has computed.
  ///
  /// - Parameters:
  ///   - grid: the points.
  ///   - values: N × L probabilities in 0…1; every row sums to 1, to float32 rounding and what an
  ///     exponential in float32 is off by (10⁻³ is allowed).
  /// - Throws: `InputError` at the first row that is not a distribution. O(N·L).
  public init(grid: GridShape, values: ChannelField) throws {
    self.init(unchecked: values, grid: grid)
    for point in 0..<values.points {
      let row = values.base + point * values.stride
      var (sum, areProbabilities): (Float, Bool) = (0, true)
      for label in 0..<values.channels {
        sum += row[label]
        areProbabilities = areProbabilities && row[label] >= 0 && row[label] <= 1
      }
      guard areProbabilities, abs(sum - 1) <= 1e-3 else {
        throw InputError(
          .data,
          "the marginals of point \(point) are not probabilities that sum to 1 "
            + "(their sum is \(sum))")
      }
    }
  }

  /// Values of which each row is known to be a distribution.
  package init(unchecked values: ChannelField, grid: GridShape) {
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
