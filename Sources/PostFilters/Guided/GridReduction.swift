import CKernels
import LatticeSupport
import Unaries

/// Every s-th point along each axis of a grid: ⌈n / s⌉ of n, each from the middle of what it stands
/// for.
struct GridReduction {
  let grid: GridShape
  let small: GridShape
  /// For each axis, the coordinate that each of the small grid's is taken from.
  private let coordinates: [[Int]]

  init(_ grid: GridShape, by subsampling: Int) {
    self.grid = grid
    coordinates = grid.extents.map { extent in
      let count = (extent + subsampling - 1) / subsampling
      return (0..<count).map { min((2 * $0 + 1) * extent / (2 * count), extent - 1) }
    }
    do {
      small = try GridShape(coordinates.map(\.count))
    } catch {
      preconditionFailure("a part of \(grid) is no grid: \(error)")
    }
  }

  /// The points of `grid` that the small one has.
  private var points: [Int] {
    zip(grid.extents, coordinates).reduce([0]) { points, axis in
      points.flatMap { point in axis.1.map { point * axis.0 + $0 } }
    }
  }

  /// `size` values a point.
  func reduced(_ values: [Float], size: Int) -> [Float] {
    points.flatMap { values[$0 * size..<($0 + 1) * size] }
  }

  func reduced(_ field: ChannelField) -> ChannelField {
    var result = ChannelField(uninitializedPoints: small.count, channels: field.channels)
    let (base, stride) = (result.mutableBase(), field.stride)
    for (index, point) in points.enumerated() {
      (base + index * stride).update(from: field.base + point * stride, count: stride)
    }
    return result
  }

  /// Where the points of an axis lie between two of the small grid's: half-pixel centres, the ends
  /// continued.
  private func places(axis: Int) -> (low: [Int32], high: [Int32], fractions: [Float]) {
    let (length, count) = (grid.extents[axis], small.extents[axis])
    var (low, high, fractions): ([Int32], [Int32], [Float]) = ([], [], [])
    for index in 0..<length {
      let exact = (Double(index) + 0.5) * Double(count) / Double(length) - 0.5
      let place = min(max(exact, 0), Double(count - 1))
      let first = min(Int(place), max(count - 2, 0))
      low.append(Int32(first))
      high.append(Int32(min(first + 1, count - 1)))
      fractions.append(Float(place - Double(first)))
    }
    return (low, high, fractions)
  }

  /// Scores M(a)·I + M(b) from means on the small grid.
  ///
  /// - Parameters:
  ///   - means: `channels` + 1 rows of a padded stride for each point of the small grid.
  ///   - guide: N × channels.
  ///   - channels: of the guide.
  ///   - labels: of the scores.
  ///   - parallelism: the threads to use.
  func enlarged(
    _ means: AlignedBuffer<Float>, guide: [Float], channels: Int, labels: Int,
    parallelism: Parallelism
  ) -> ChannelField {
    var output = ChannelField(uninitializedPoints: grid.count, channels: labels)
    let (base, stride) = (output.mutableBase(), output.stride)
    let (width, size) = (grid.width, small.width * (channels + 1) * stride)
    let axes = (0..<grid.rank).map(places)
    let columns = axes[grid.rank - 1]
    parallelism.forEachChunk(of: grid.count / width, grain: 8) { lines in
      let mixed = AlignedBuffer<Float>(uninitialized: size)
      for line in lines {
        var parts: [(line: Int, weight: Float)] = [(0, 1)]
        let place = grid.coordinates(of: line * width)
        for axis in 0..<grid.rank - 1 {
          let (low, high) = (axes[axis].low[place[axis]], axes[axis].high[place[axis]])
          let fraction = axes[axis].fractions[place[axis]]
          parts = parts.flatMap { part in
            [(low, 1 - fraction), (high, fraction)].map {
              (part.line * small.extents[axis] + Int($0.0), part.weight * $0.1)
            }
          }
        }
        for (index, part) in parts.enumerated() {
          let source = means.base + part.line * size
          if index == 0 {
            ck_scale(source, part.weight, size, mixed.base)
          } else if part.weight > 0 {
            ck_add_scaled(source, part.weight, size, mixed.base)
          }
        }
        guide.withUnsafeBufferPointer { guide in
          ck_guided_enlarged(
            mixed.base, columns.low, columns.high, columns.fractions,
            guide.baseAddress! + line * width * channels, channels, width, stride,
            base + line * width * stride)
        }
      }
    }
    return output
  }
}
