import Support
import Unaries

/// Qᵢ(l): the probability of each label at each point; every row sums to 1.
public struct Marginals: Sendable {
  /// The grid of points.
  public let grid: GridShape
  /// N × L probabilities.
  public internal(set) var values: ChannelField

  package init(grid: GridShape, values: ChannelField) {
    precondition(
      values.points == grid.count, "\(values.points) marginals over \(grid.count) points")
    self.grid = grid
    self.values = values
  }

  /// The most probable label of each point; the lowest of equals. O(N·L).
  public var labels: LabelMap {
    let labelCount = values.channels
    let base = values.base
    let labels = (0..<values.points).map { point in
      let row = base + point * values.stride
      var best = 0
      for label in 1..<max(1, labelCount) where row[label] > row[best] { best = label }
      return UInt16(best)
    }
    do {
      return try LabelMap(grid: grid, labels: labels)
    } catch {
      preconditionFailure("\(labels.count) labels on a grid of \(grid.count) points: \(error)")
    }
  }
}
