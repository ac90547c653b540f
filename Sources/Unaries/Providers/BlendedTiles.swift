import LatticeSupport

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Scores of an image from those of tiles that overlap: at each pixel their mean, weighted by how
/// far inside its tile the pixel lies.
///
/// The weight of a tile of n pixels along an axis is a Hann window, sin²(π(i + ½)/n) at its pixel
/// i, which is never 0; that of two axes is the product. So no tile's border shows.
public struct BlendedTiles: Sendable {
  /// The pixels of the image, over two axes.
  public let grid: GridShape
  private var sums: ChannelField
  /// The sum of weights at each pixel.
  private var weights: [Float]

  /// No tiles yet.
  ///
  /// - Parameter grid: the pixels of the image, over two axes.
  /// - Parameter labelCount: L, at least 1.
  public init(grid: GridShape, labelCount: Int) {
    precondition(grid.rank == 2, "tiles of \(grid.rank) axes")
    self.grid = grid
    sums = ChannelField(points: grid.count, channels: labelCount)
    weights = [Float](repeating: 0, count: grid.count)
  }

  /// L.
  public var labelCount: Int { sums.channels }

  /// Takes a tile in.
  ///
  /// - Parameters:
  ///   - scores: probabilities, logits or energies of its pixels, N × L, row by row; of the same
  ///     kind for all tiles.
  ///   - region: where it lies, within the grid.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the scores are not those of the region's pixels, or of other
  ///   labels.
  /// - Complexity: O(N·L).
  public mutating func add(
    _ scores: ChannelField, over region: GridRegion, parallelism: Parallelism = .automatic
  ) throws {
    precondition(
      region.rows.lowerBound >= 0 && region.rows.upperBound <= grid.height
        && region.columns.lowerBound >= 0 && region.columns.upperBound <= grid.width,
      "\(region) outside of \(grid)")
    guard scores.points == region.grid.count, scores.channels == labelCount else {
      throw InputError(
        .data,
        "a tile has \(scores.points) pixels of \(scores.channels) scores, but "
          + "\(region.grid.count) of \(labelCount) belong there")
    }
    let (rows, columns) = (Self.window(region.rows.count), Self.window(region.columns.count))
    let (width, labels) = (grid.width, labelCount)
    let target = sums.mutableBase()
    let (targetStride, stride) = (sums.stride, scores.stride)
    weights.withUnsafeMutableBufferPointer { weights in
      nonisolated(unsafe) let (weights, target) = (weights, target)
      // Rows of pixels, so that each is written by one thread.
      parallelism.forEachChunk(of: rows.count, grain: max(1, 8192 / columns.count)) { chunk in
        for row in chunk {
          for (column, factor) in columns.enumerated() {
            let weight = rows[row] * factor
            let pixel = (region.rows.lowerBound + row) * width + region.columns.lowerBound + column
            weights[pixel] += weight
            let source = scores.base + (row * columns.count + column) * stride
            let sum = target + pixel * targetStride
            for label in 0..<labels { sum[label] += weight * source[label] }
          }
        }
      }
    }
  }

  /// The scores of all pixels, N × L.
  ///
  /// - Throws: `InputError` naming the first pixel that no tile covers.
  /// - Complexity: O(N·L).
  public func scores(parallelism: Parallelism = .automatic) throws -> ChannelField {
    if let pixel = weights.firstIndex(of: 0) {
      throw InputError(
        .data, "no tile covers the pixel at \(grid.position(of: pixel))",
        remedy: "tiles must cover the whole image")
    }
    var result = sums
    parallelism.forEachPiece(of: &result) { first, rows in
      for point in 0..<rows.points {
        let (row, weight) = (rows.row(point), weights[first + point])
        for label in 0..<rows.labels { row[label] /= weight }
      }
    }
    return result
  }

  /// sin²(π(i + ½)/n).
  private static func window(_ count: Int) -> [Float] {
    (0..<count).map { index in
      let sine = sin(Double.pi * (Double(index) + 0.5) / Double(count))
      return Float(sine * sine)
    }
  }

  /// Where tiles of `size` begin along an axis: at 0, `stride`, 2·`stride` …, and a last one flush
  /// with the end; one of the whole length where the axis is no longer than a tile.
  ///
  /// - Parameters:
  ///   - length: of the axis, at least 1.
  ///   - size: of a tile, at least 1.
  ///   - stride: from one tile to the next, 1…`size`.
  public static func spans(of length: Int, size: Int, stride: Int) -> [Range<Int>] {
    precondition(
      length >= 1 && size >= 1 && 1...size ~= stride, "tiles of \(size) every \(stride)")
    guard size < length else { return [0..<length] }
    let starts = Swift.stride(from: 0, to: length - size, by: stride) + [length - size]
    return starts.map { $0..<$0 + size }
  }
}
