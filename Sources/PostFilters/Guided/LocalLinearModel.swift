import CKernels
import LatticeSupport
import Unaries

/// The guided filter's model q = a·I + b of each window, for a guide whose windows are known.
///
/// Planes stream through: products of scores and guide, their window sums, a and b, the window sums
/// of these, and the result, part by part, so that a part's sums stay in the second-level cache.
struct LocalLinearModel {
  let geometry: WindowGeometry
  private let channels: Int
  /// N × channels.
  private let guide: [Float]
  /// See `ck_guide_statistics`.
  let statistics: AlignedBuffer<Float>

  /// Bytes of the window sums of a part.
  private static let partBytes = 5 << 18
  /// Planes of a part, in radii: each part's first results need four radii of planes.
  private static let planesPerRadius = 24
  private static let leastPlanes = 128

  private var statisticsCount: Int { channels + channels * (channels + 1) / 2 }

  init(
    _ guide: [Float], channels: Int, grid: GridShape, radius: Int, epsilon: Double,
    border: WindowBorder, parallelism: Parallelism
  ) {
    self.guide = guide
    self.channels = channels
    geometry = WindowGeometry(grid, radius: radius, border: border)
    let count = channels + channels * (channels + 1) / 2
    statistics = AlignedBuffer(uninitialized: grid.count * count)
    findStatistics(epsilon: epsilon, parallelism: parallelism)
  }

  /// Parts whose sums of `bytes` a position, in `rings` of windows, stay in a cache.
  private func parts(bytes: Int, rings: Int) -> [WindowGeometry.Part] {
    let (radii, extents) = (geometry.radii, geometry.extents)
    let others = zip(extents, radii).dropFirst().dropLast().reduce(1) { $0 * ($1.0 + 2 * $1.1) }
    let column = bytes * rings * (2 * radii[0] + 1) * others
    let columns = max(32, radii[radii.count - 1], Self.partBytes / column)
    return geometry.parts(
      columns: columns, planes: max(Self.leastPlanes, Self.planesPerRadius * radii[0]))
  }

  private func findStatistics(epsilon: Double, parallelism: Parallelism) {
    let padded = (statisticsCount + 3) / 4 * 4
    let parts = parts(bytes: padded * 8, rings: 1)
    let (radius, plane) = (geometry.radii[0], geometry.planeCount)
    parallelism.forEachUnlessCancelled(parts.count) { index in
      let part = parts[index]
      let inputs = geometry.positions(columns: part.columns, margin: 1)
      let results = geometry.positions(columns: part.columns, margin: 0)
      let buffer = AlignedBuffer<Double>(uninitialized: inputs.count * padded)
      var sums = WindowSums<Double>(geometry, lengths: inputs.lengths, inner: padded)
      guide.withUnsafeBufferPointer { guide in
        for place in part.planes.lowerBound - radius..<part.planes.upperBound + radius {
          if let given = geometry.coordinate(place, axis: 0) {
            ck_guide_moments(
              guide.baseAddress! + given * plane * channels, channels, inputs.map, inputs.count,
              padded, buffer.base)
          } else {
            buffer.clear(0..<buffer.count)
          }
          guard sums.add(buffer.base) else { continue }
          let center = place - radius
          ck_guide_statistics(
            buffer.base, padded, results.reciprocals, geometry.reciprocal(center, axis: 0),
            channels, epsilon, results.map,
            results.count, statistics.base + center * plane * statisticsCount)
        }
      }
    }
  }

  /// Filtered scores.
  func scores(_ scores: ChannelField, parallelism: Parallelism) -> ChannelField {
    var output = ChannelField(uninitializedPoints: scores.points, channels: scores.channels)
    let (base, stride) = (output.mutableBase(), scores.stride)
    let plane = geometry.planeCount
    stream(scores, parallelism) { sums, place, positions, label, lanes in
      guide.withUnsafeBufferPointer { guide in
        ck_guided_scores(
          sums, positions.weights, Float(geometry.reciprocal(place, axis: 0)),
          guide.baseAddress! + place * plane * channels, channels, positions.map, positions.count,
          lanes, base + place * plane * stride + label, stride)
      }
    }
    return output
  }

  /// Window means of a and b: for each point, b and then a, rows of the scores' stride.
  func means(_ scores: ChannelField, parallelism: Parallelism) -> AlignedBuffer<Float> {
    let (stride, plane) = (scores.stride, geometry.planeCount)
    let output = AlignedBuffer<Float>(uninitialized: scores.points * (channels + 1) * stride)
    stream(scores, parallelism) { sums, place, positions, label, lanes in
      ck_guided_means(
        sums, positions.weights, Float(geometry.reciprocal(place, axis: 0)), channels,
        positions.map,
        positions.count, lanes, output.base + place * plane * (channels + 1) * stride + label,
        stride)
    }
    return output
  }

  /// Labels that are done at a time.
  private static func pieces(of stride: Int) -> [(label: Int, lanes: Int)] {
    var pieces: [(label: Int, lanes: Int)] = []
    var label = 0
    while label < stride {
      let lanes = stride - label <= 24 ? stride - label : 16
      pieces.append((label, lanes))
      label += lanes
    }
    return pieces
  }

  /// Calls `finish` with the window sums of a and b of each plane's part, where the plane is, its
  /// positions, and the labels that they are of.
  private func stream(
    _ scores: ChannelField, _ parallelism: Parallelism,
    _ finish: (
      _ sums: UnsafeMutablePointer<Float>, _ place: Int, _ positions: WindowGeometry.Positions,
      _ label: Int, _ lanes: Int
    ) -> Void
  ) {
    let pieces = Self.pieces(of: scores.stride)
    let size = (channels + 1) * (pieces.map(\.lanes).max() ?? 4)
    let parts = parts(bytes: size * 4, rings: 2)
    parallelism.forEachUnlessCancelled(parts.count * pieces.count) { index in
      let piece = pieces[index % pieces.count]
      stream(parts[index / pieces.count], piece.label, piece.lanes, of: scores, finish)
    }
  }

  private func stream(
    _ part: WindowGeometry.Part, _ label: Int, _ lanes: Int, of scores: ChannelField,
    _ finish: (
      _ sums: UnsafeMutablePointer<Float>, _ place: Int, _ positions: WindowGeometry.Positions,
      _ label: Int, _ lanes: Int
    ) -> Void
  ) {
    let (radius, plane, size) = (geometry.radii[0], geometry.planeCount, (channels + 1) * lanes)
    let inputs = geometry.positions(columns: part.columns, margin: 2)
    let windows = geometry.positions(columns: part.columns, margin: 1)
    let results = geometry.positions(columns: part.columns, margin: 0)
    let buffer = AlignedBuffer<Float>(uninitialized: inputs.count * size)
    var products = WindowSums<Float>(geometry, lengths: inputs.lengths, inner: size)
    var models = WindowSums<Float>(geometry, lengths: windows.lengths, inner: size)
    guide.withUnsafeBufferPointer { guide in
      for place in part.planes.lowerBound - 2 * radius..<part.planes.upperBound + 2 * radius {
        if let given = geometry.coordinate(place, axis: 0) {
          ck_guided_products(
            scores.base + given * plane * scores.stride + label, scores.stride,
            guide.baseAddress! + given * plane * channels, channels, inputs.map, inputs.count,
            lanes, buffer.base)
        } else {
          buffer.clear(0..<buffer.count)
        }
        guard products.add(buffer.base) else { continue }
        let center = place - radius
        if let given = geometry.coordinate(center, axis: 0) {
          ck_guided_coefficients(
            buffer.base, windows.weights, Float(geometry.reciprocal(center, axis: 0)),
            statistics.base + given * plane * statisticsCount, channels, windows.map,
            windows.count, lanes)
        } else {
          buffer.clear(0..<windows.count * size)
        }
        guard models.add(buffer.base) else { continue }
        finish(buffer.base, center - radius, results, label, lanes)
      }
    }
  }
}
