import LatticeSupport
import Unaries

/// A network that scores every pixel of photographs: preprocessing, views at several scales, tiles,
/// and the way back to the image's size.
public struct Segmenter: PixelScorer {
  /// The network and what goes with it.
  public let entry: CatalogEntry
  /// Classes that are scored.
  public let classCount: Int
  /// How images are shown to it.
  public let options: SegmentationOptions
  private let plans: PlanCache

  /// The height and width that algorithms are chosen for unless a caller knows better: the crop of
  /// Chen et al. (2017) at inference.
  public static let defaultSize = 513

  /// - Parameters:
  ///   - entry: which network.
  ///   - network: as `entry` makes it.
  ///   - parameters: its weights.
  ///   - options: how images are shown to it.
  ///   - expectedSize: height and width of the images to come, for which algorithms are chosen; any
  ///     others are served too.
  /// - Throws: `InputError` where a parameter is missing, or the options make no sense.
  public init(
    _ entry: CatalogEntry, network: Network, parameters: any ParameterSource,
    options: SegmentationOptions = SegmentationOptions(),
    expectedSize: (height: Int, width: Int) = (defaultSize, defaultSize)
  ) throws {
    try options.check()
    self.entry = entry
    self.options = options
    let (height, width) = (
      entry.sizes.fitting(options.tiles?.size ?? expectedSize.height),
      entry.sizes.fitting(options.tiles?.size ?? expectedSize.width)
    )
    let prepared = try PreparedNetwork(
      network, parameters: parameters, height: height, width: width, algorithm: options.algorithm)
    classCount = try prepared.outputShapes(height: height, width: width)[0].channels
    plans = PlanCache(prepared)
  }

  /// The logits at every pixel: 1 × height × width × classes.
  ///
  /// - Parameters:
  ///   - image: a photograph of three channels.
  ///   - parallelism: the threads to use.
  ///   - progress: called after each view of each tile, with how many of how many are done.
  /// - Throws: `InputError` where the image is too small for the network, or does not have three
  ///   channels.
  public func scores(
    for image: Image, parallelism: Parallelism, progress: (_ done: Int, _ of: Int) -> Void
  ) throws -> Tensor {
    let input = try entry.preprocessing.tensor(for: image)
    guard let tiles = options.tiles,
      max(input.shape.height, input.shape.width) > tiles.size
    else {
      return try ViewFusion(self, parallelism).scores(for: input, progress: progress)
    }
    return try blend(input, tiles, parallelism, progress)
  }

  /// Scores of tiles, weighted and summed.
  private func blend(
    _ input: Tensor, _ tiles: Tiling, _ parallelism: Parallelism,
    _ progress: (Int, Int) -> Void
  ) throws -> Tensor {
    let rows = tiles.pieces(of: input.shape.height)
    let columns = tiles.pieces(of: input.shape.width)
    let sum = Tensor(zeros: input.shape.with(channels: classCount))
    let views = options.scales.count * (options.isFlipped ? 2 : 1)
    var done = 0
    for row in rows {
      for column in columns {
        let tile = input.window(rows: row.range, columns: column.range)
        let scores = try ViewFusion(self, parallelism).scores(for: tile) { view, _ in
          progress(done + view, rows.count * columns.count * views)
        }
        sum.add(scores, rows: row, columns: column, parallelism: parallelism)
        done += views
      }
    }
    return sum
  }

  /// The network's own scores of one view, at its own stride.
  func nativeScores(_ input: Tensor, parallelism: Parallelism) throws -> Tensor {
    try plans.withPlan(height: input.shape.height, width: input.shape.width) { plan in
      plan.run(input, parallelism: parallelism)[0]
    }
  }
}

extension Tensor {
  /// Adds a tile's values, weighted by the product of its row's and its column's weights.
  fileprivate func add(
    _ tile: Tensor, rows: Tiling.Piece, columns: Tiling.Piece, parallelism: Parallelism
  ) {
    let channels = shape.channels
    parallelism.forEach(rows.range.count) { row in
      let source = tile.base + row * columns.range.count * channels
      let target =
        base + ((rows.range.lowerBound + row) * shape.width + columns.range.lowerBound) * channels
      for column in 0..<columns.range.count {
        let weight = rows.weights[row] * columns.weights[column]
        for channel in column * channels..<(column + 1) * channels {
          target[channel] += weight * source[channel]
        }
      }
    }
  }
}
