import LatticeSupport
import Unaries

/// Blocks of neighbouring points of a grid, each of which stands for a point of a smaller one.
package struct PointBlocks {
  /// The grid of the blocks.
  package let grid: GridShape
  /// The grid that they are of.
  private let whole: GridShape
  /// The block of each coordinate, for each axis.
  private let places: [[Int]]

  /// - Parameters:
  ///   - grid: the points.
  ///   - most: blocks at most, at least 1; `nil` for as many as there are points. Axes are divided
  ///     alike, as far as whole numbers go.
  package init(of grid: GridShape, most: Int?) throws {
    whole = grid
    var extents = grid.extents
    if let most, grid.count > most {
      let factor = exponential(
        logarithm(Double(grid.count) / Double(most)) / Double(grid.rank))
      // A power of two may come out a little above itself.
      extents = extents.map { max(1, Int((Double($0) / factor + 1e-9).rounded(.down))) }
      // Axes that are shorter than a block leave the others too long.
      while let longest = extents.indices.max(by: { extents[$0] < extents[$1] }),
        extents.reduce(1, *) > most
      {
        extents[longest] = max(1, extents[longest] * most / extents.reduce(1, *))
      }
    }
    self.grid = try GridShape(extents)
    places = zip(grid.extents, extents).map { extent, blocks in
      (0..<extent).map { $0 * blocks / extent }
    }
  }

  /// Whether every point is a block of its own.
  package var areSingle: Bool { grid == whole }

  /// The longest side of a block, in points.
  package var step: Double {
    zip(whole.extents, grid.extents).map { Double($0) / Double($1) }.max() ?? 1
  }

  /// The mean of each channel over each block.
  ///
  /// - Parameters:
  ///   - channels: values of a point.
  ///   - value: a channel of a point of the whole grid.
  /// - Returns: blocks × channels.
  package func means(channels: Int, _ value: (_ point: Int, _ channel: Int) -> Double) -> [Double] {
    var sums = [Double](repeating: 0, count: grid.count * channels)
    var counts = [Double](repeating: 0, count: grid.count)
    forEachPoint { point, block in
      counts[block] += 1
      for channel in 0..<channels { sums[block * channels + channel] += value(point, channel) }
    }
    for index in sums.indices { sums[index] /= counts[index / channels] }
    return sums
  }

  /// The point in the middle of each block.
  package func middles() -> [Int] {
    let middles = places.map { places in
      (0...(places.last ?? 0)).map { block in
        let members = places.indices.filter { places[$0] == block }
        return members[members.count / 2]
      }
    }
    return (0..<grid.count).map { block in
      var rest = block
      var (point, size) = (0, 1)
      for axis in (0..<grid.rank).reversed() {
        point += middles[axis][rest % grid.extents[axis]] * size
        rest /= grid.extents[axis]
        size *= whole.extents[axis]
      }
      return point
    }
  }

  private func forEachPoint(_ body: (_ point: Int, _ block: Int) -> Void) {
    var position = [Int](repeating: 0, count: whole.rank)
    for point in 0..<whole.count {
      var block = 0
      for axis in position.indices {
        block = block * grid.extents[axis] + places[axis][position[axis]]
      }
      body(point, block)
      for axis in position.indices.reversed() {
        position[axis] += 1
        if position[axis] < whole.extents[axis] { break }
        position[axis] = 0
      }
    }
  }
}
