import CKernels
import LatticeSupport

/// The points of a filter in blocks, near ones together, with the box around each block.
struct PointBlocks: Sendable {
  /// Points of a block.
  static let length = Int(CK_BLOCK)

  /// N.
  let points: Int
  /// Blocks, the last filled up with copies of its last point.
  let count: Int
  let dimensions: Int
  /// `order[i]` is the point at place i; `points` of them.
  let order: AlignedBuffer<UInt32>

  /// Blocks × d × length.
  private let features: AlignedBuffer<Float>
  /// Blocks × d.
  private let low: AlignedBuffer<Float>
  private let high: AlignedBuffer<Float>
  /// Whether a point's weight for itself is 0.
  var skipsOwn = false
  /// The squared distance of boxes beyond which pairs are skipped.
  private let cutoff: Double

  /// - Parameters:
  ///   - features: N × d.
  ///   - threshold: pairs of blocks with a Gaussian below it are skipped.
  init(_ features: FeatureMatrix, threshold: Double) {
    let (points, dimensions) = (features.points, features.dimensions)
    let count = (points + Self.length - 1) / Self.length
    let order = BlockOrder(features, blockLength: Self.length).order
    let rows = AlignedBuffer<Float>(uninitialized: count * dimensions * Self.length)
    for place in 0..<count * Self.length {
      let (block, position) = place.quotientAndRemainder(dividingBy: Self.length)
      let source = Int(order.base[min(place, points - 1)]) * dimensions
      let target = block * dimensions * Self.length + position
      for dimension in 0..<dimensions {
        rows.base[target + dimension * Self.length] = features.storage.base[source + dimension]
      }
    }
    low = AlignedBuffer(uninitialized: count * dimensions)
    high = AlignedBuffer(uninitialized: count * dimensions)
    ck_block_boxes(rows.base, count, Int32(dimensions), low.base, high.base)
    self.points = points
    self.count = count
    self.dimensions = dimensions
    self.order = order
    self.features = rows
    cutoff = threshold > 0 ? -2 * logarithm(threshold) : .infinity
  }

  /// The blocks as the kernels take them; valid while `self` is.
  var description: ck_blocks {
    ck_blocks(
      features: features.base, low: low.base, high: high.base, dimensions: Int32(dimensions),
      reach: cutoff, skips_own: skipsOwn)
  }

  /// Bounds Σ masses[j]·Kᵢⱼ over the skipped pairs (i, j).
  ///
  /// - Parameter masses: N factors, at least 0.
  /// - Returns: N bounds.
  /// - Complexity: O((N/64)²·d).
  func skippedMass(of masses: [Float], parallelism: Parallelism) -> [Double] {
    precondition(masses.count == points, "\(masses.count) masses for \(points) points")
    var blockMasses = [Double](repeating: 0, count: count)
    for place in 0..<points {
      blockMasses[place / Self.length] += Double(masses[Int(order.base[place])])
    }
    let bounds = AlignedBuffer<Double>(uninitialized: count)
    parallelism.forEachChunk(of: count, grain: 16) { range in
      var blocks = description
      ck_skipped_masses(
        &blocks, range.lowerBound, range.upperBound, count, blockMasses,
        bounds.base + range.lowerBound)
    }
    var result = [Double](repeating: 0, count: points)
    for place in 0..<points {
      result[Int(order.base[place])] = bounds.base[place / Self.length]
    }
    return result
  }

  /// Copies the rows of `values` into the order of the blocks; what is not a value becomes 0.
  func gather(
    _ values: ChannelField, stride: Int, into rows: AlignedBuffer<Float>, _ parallelism: Parallelism
  ) {
    rows.clear(points * stride..<count * Self.length * stride)
    parallelism.forEachChunk(of: points, grain: 8192) { places in
      for place in places {
        let source = values.base + Int(order.base[place]) * values.stride
        let target = rows.base + place * stride
        for channel in 0..<values.channels { target[channel] = source[channel] }
        for channel in values.channels..<stride { target[channel] = 0 }
      }
    }
  }

  /// Copies rows in the order of the blocks to the points' own.
  func scatter(
    _ rows: AlignedBuffer<Float>, stride: Int, into output: inout ChannelField,
    _ parallelism: Parallelism
  ) {
    let (base, outputStride, channels) = (output.mutableBase(), output.stride, output.channels)
    parallelism.forEachChunk(of: points, grain: 8192) { places in
      for place in places {
        let source = rows.base + place * stride
        let target = base + Int(order.base[place]) * outputStride
        for channel in 0..<channels { target[channel] = source[channel] }
      }
    }
  }
}
