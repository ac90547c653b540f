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
  public var labels: LabelMap { labels(parallelism: .serial) }

  /// The same, on several threads.
  public func labels(parallelism: Parallelism) -> LabelMap {
    let (base, stride, labelCount) = (values.base, values.stride, values.channels)
    let labels = [UInt16](unsafeUninitializedCapacity: values.points) { output, initialized in
      let output = output.baseAddress!
      parallelism.forEachChunk(of: values.points, grain: DenseCRF.grain) { points in
        for point in points {
          let row = base + point * stride
          var best = 0
          for label in 1..<max(1, labelCount) where row[label] > row[best] { best = label }
          (output + point).initialize(to: UInt16(best))
        }
      }
      initialized = values.points
    }
    do {
      return try LabelMap(grid: grid, labels: labels)
    } catch {
      preconditionFailure("\(labels.count) labels on a grid of \(grid.count) points: \(error)")
    }
  }
}
