import LatticeSupport
import Unaries

/// How much neighbouring tiles disagree where their cores meet.
///
/// Both tiles know the two lines of pixels beside their seam, each from its own side; the untiled
/// result would be one. The difference of their marginals there shows what cutting costs where it
/// costs most.
public struct SeamMeter {
  /// The figures of all seams together.
  public struct Figures: Sendable, Equatable {
    /// Pixels on the lines beside seams, each counted once a seam.
    public fileprivate(set) var pixels = 0
    /// The largest difference of a marginal.
    public fileprivate(set) var largestDifference: Float = 0
    /// Pixels whose labels differ.
    public fileprivate(set) var unlikeLabels = 0
    /// The sum over pixels of the largest difference of their marginals.
    fileprivate var differences = 0.0

    /// No seams yet.
    public init() {}

    /// The mean over pixels of the largest difference of their marginals.
    public var meanDifference: Double { pixels == 0 ? 0 : differences / Double(pixels) }
    /// The share of pixels whose labels differ, 0…1.
    public var unlikeShare: Double { pixels == 0 ? 0 : Double(unlikeLabels) / Double(pixels) }
  }

  /// Of all seams so far.
  public private(set) var figures = Figures()
  private let plan: TilePlan
  /// The lines above and below the seam of each column of tiles, as the tiles above it have them.
  private var above: [Line?]
  /// The lines beside the seam, as the tile to the left has them.
  private var left: Line?

  /// Marginals over a region of one or two lines.
  private struct Line {
    var region: GridRegion
    var values: ChannelField
  }

  /// No seams yet.
  public init(_ plan: TilePlan) {
    self.plan = plan
    above = [Line?](repeating: nil, count: plan.columns)
  }

  /// Takes the marginals of tile `column` of row `row`; tiles come row by row.
  ///
  /// - Complexity: O(L · pixels at the tile's seams); memory for those of a row of tiles.
  public mutating func add(_ marginals: Marginals, row: Int, column: Int) {
    let tile = plan.tile(row: row, column: column)
    let (core, region) = (tile.core, tile.region)
    func line(_ rows: Range<Int>, _ columns: Range<Int>) -> Line {
      let part = GridRegion(rows: rows, columns: columns)
      return Line(region: part, values: marginals.values(of: part, in: region))
    }
    if column > 0, let other = left {
      compare(other, line(other.region.rows, other.region.columns))
    }
    if row > 0, let other = above[column] {
      compare(other, line(other.region.rows, other.region.columns))
    }
    left =
      column + 1 < plan.columns ? line(core.rows, Self.beside(core.columns, region.columns)) : nil
    above[column] =
      row + 1 < plan.rows ? line(Self.beside(core.rows, region.rows), core.columns) : nil
  }

  /// The last line of a core and the first beyond it, where the tile has that.
  private static func beside(_ core: Range<Int>, _ whole: Range<Int>) -> Range<Int> {
    core.upperBound - 1..<min(core.upperBound + 1, whole.upperBound)
  }

  private mutating func compare(_ first: Line, _ second: Line) {
    let (one, other) = (first.values, second.values)
    for point in 0..<one.points {
      var largest: Float = 0
      var (best, otherBest) = (0, 0)
      for label in 0..<one.channels {
        largest = max(largest, abs(one[point, label] - other[point, label]))
        if one[point, label] > one[point, best] { best = label }
        if other[point, label] > other[point, otherBest] { otherBest = label }
      }
      figures.largestDifference = max(figures.largestDifference, largest)
      figures.differences += Double(largest)
      if best != otherBest { figures.unlikeLabels += 1 }
    }
    figures.pixels += one.points
  }
}

extension Marginals {
  /// Those of `part`, where these lie over `whole`.
  fileprivate func values(of part: GridRegion, in whole: GridRegion) -> ChannelField {
    var values = ChannelField(points: part.grid.count, channels: self.values.channels)
    let target = values.mutableBase()
    for row in part.rows {
      let first = whole.point(row: row, column: part.columns.lowerBound)
      (target + part.point(row: row, column: part.columns.lowerBound) * values.stride).update(
        from: self.values.base + first * values.stride, count: part.columns.count * values.stride)
    }
    return values
  }
}
