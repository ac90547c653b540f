import CKernels
import LatticeSupport
import Unaries

/// The guided filter's model q = a·I + b of each window, for a guide whose windows are known.
///
/// Planes stream through, block by block: the window sums of products of scores and guide, a and b,
/// the window sums of these, and the result, part by part, so that a part's sums stay in the
/// second-level cache.
struct LocalLinearModel {
  let geometry: WindowGeometry
  private let channels: Int
  /// N × channels.
  private let guide: [Float]
  /// See `ck_guide_statistics`.
  let statistics: AlignedBuffer<Float>

  /// Bytes of the window sums of a part.
  private static let partBytes = 5 << 18
  /// Columns up to which a part has as many as are summed beside it, even if no cache holds them.
  private static let mostBesides = 128
  /// Planes of a window above which few labels are done at a time, so that caches hold more
  /// columns.
  private static let mostPlanes = 32
  /// Planes of a part, in radii: each part's first results need four radii of planes.
  private static let planesPerRadius = 24
  private static let leastPlanes = 128
  /// Parts of a grid that keep all threads busy; those of larger grids have more planes.
  private static let enoughParts = 64

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

  /// Parts whose two blocks of planes, of `bytes` a position, stay in a cache.
  private func parts(bytes: Int) -> [WindowGeometry.Part] {
    let (radii, extents) = (geometry.radii, geometry.extents)
    let others = zip(extents, radii).dropFirst().dropLast().reduce(1) { $0 * ($1.0 + 2 * $1.1) }
    let column = bytes * 2 * geometry.window * others
    let radius = radii[radii.count - 1]
    let columns = max(32, radius, min(4 * radius, Self.mostBesides), Self.partBytes / column)
    let planes = extents[0] * geometry.lastExtent / columns / Self.enoughParts
    return geometry.parts(
      columns: columns, planes: max(Self.leastPlanes, Self.planesPerRadius * radii[0], planes))
  }

  private func findStatistics(epsilon: Double, parallelism: Parallelism) {
    let padded = (statisticsCount + 3) / 4 * 4
    let parts = parts(bytes: padded * 8)
    let (radius, plane) = (geometry.radii[0], geometry.planeCount)
    parallelism.forEachUnlessCancelled(parts.count) { index in
      let part = parts[index]
      let inputs = geometry.positions(columns: part.columns, margin: 1)
      let results = geometry.positions(columns: part.columns, margin: 0)
      let sums = WindowSums<Double>(window: geometry.window, room: inputs.count * padded)
      guide.withUnsafeBufferPointer { guide in
        sums.stream(part.planes.count + 2 * radius, size: results.count * padded) { block in
          for index in block.planes {
            let moments = block[index]
            let place = part.planes.lowerBound - radius + index
            if let given = geometry.coordinate(place, axis: 0) {
              ck_guide_moments(
                guide.baseAddress! + given * plane * channels, channels, inputs.map, inputs.count,
                padded, moments)
              geometry.sumWithin(moments, lengths: inputs.lengths, inner: padded)
            } else {
              moments.update(repeating: 0, count: results.count * padded)
            }
          }
        } finish: { index, moments in
          let place = part.planes.lowerBound + index
          ck_guide_statistics(
            moments, padded, results.reciprocals, geometry.reciprocal(place, axis: 0),
            channels, epsilon, results.map,
            results.count, statistics.base + place * plane * statisticsCount)
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
  private func pieces(of stride: Int) -> [(label: Int, lanes: Int)] {
    let (most, usual) = geometry.window > Self.mostPlanes ? (8, 8) : (24, 16)
    var pieces: [(label: Int, lanes: Int)] = []
    var label = 0
    while label < stride {
      let lanes = stride - label <= most ? stride - label : usual
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
    let pieces = pieces(of: scores.stride)
    let lanes = pieces.map(\.lanes).max() ?? 4
    let parts = parts(bytes: ((channels + 1) * lanes + lanes + channels) * 4)
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
    let products = WindowProducts(
      geometry, positions: inputs.count, channels: channels, lanes: lanes)
    let sums = WindowSums<Float>(window: geometry.window, room: inputs.count * size)
    guide.withUnsafeBufferPointer { guide in
      sums.stream(part.planes.count + 2 * radius, size: results.count * size) { block in
        products.sum(block) { index, ownScores, ownGuide in
          let place = part.planes.lowerBound - 2 * radius + index
          guard let given = geometry.coordinate(place, axis: 0) else { return false }
          ck_guided_points(
            scores.base + given * plane * scores.stride + label, scores.stride,
            guide.baseAddress! + given * plane * channels, channels, inputs.map, inputs.count,
            lanes, ownScores, ownGuide)
          return true
        }
        for index in block.planes {
          let model = block[index]
          let place = part.planes.lowerBound - radius + index
          if let given = geometry.coordinate(place, axis: 0) {
            geometry.sumWithin(model, lengths: inputs.lengths, inner: size)
            ck_guided_coefficients(
              model, windows.weights, Float(geometry.reciprocal(place, axis: 0)),
              statistics.base + given * plane * statisticsCount, channels, windows.map,
              windows.count, lanes)
            geometry.sumWithin(model, lengths: windows.lengths, inner: size)
          } else {
            model.update(repeating: 0, count: results.count * size)
          }
        }
      } finish: { index, model in
        finish(model, part.planes.lowerBound + index, results, label, lanes)
      }
    }
  }
}

/// The window sums, across planes, of products of scores and guide; see `ck_guided_windows`.
private struct WindowProducts {
  private let window: Int
  private let positions: Int
  /// Positions of a plane's room: an odd number, so that planes do not crowd each other out of
  /// caches.
  private let pitch: Int
  private let channels: Int
  private let lanes: Int
  private let reach: Int
  private let scores: AlignedBuffer<Float>
  private let guide: AlignedBuffer<Float>
  private let scratch: AlignedBuffer<Float>

  init(_ geometry: WindowGeometry, positions: Int, channels: Int, lanes: Int) {
    (self.positions, self.channels, self.lanes) = (positions, channels, lanes)
    pitch = positions | 1
    (window, reach) = (geometry.window, 2 * geometry.radii[0])
    scores = AlignedBuffer(uninitialized: 2 * window * pitch * lanes)
    guide = AlignedBuffer(uninitialized: 2 * window * pitch * channels)
    scratch = AlignedBuffer(uninitialized: window * (channels + 1) * lanes)
  }

  /// The planes of block number `index`.
  private func planes(_ index: Int) -> ck_guided_planes {
    let first = index % 2 * window * pitch
    return ck_guided_planes(
      scores: scores.base + first * lanes, guide: guide.base + first * channels,
      pitch: pitch)
  }

  /// Fills a block with the sums of windows that begin with its planes.
  ///
  /// - Parameter points: writes the scores and the guide of a plane and returns true, or false
  ///   where nothing counts; called for each plane once, block after block.
  func sum(
    _ block: WindowSums<Float>.Block,
    points: (Int, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Bool
  ) {
    let first = block.planes.lowerBound
    // Blocks before this one have asked for a window less.
    for plane in (first == 0 ? 0 : first + reach)..<block.planes.upperBound + reach {
      let slot = plane % (2 * window) * pitch
      let (ownScores, ownGuide) = (scores.base + slot * lanes, guide.base + slot * channels)
      if !points(plane, ownScores, ownGuide) {
        ownScores.update(repeating: 0, count: positions * lanes)
        ownGuide.update(repeating: 0, count: positions * channels)
      }
    }
    let index = first / window
    ck_guided_windows(
      planes(index), planes(index + 1), channels, positions, window, block.planes.count, lanes,
      block.base, block.pitch, scratch.base)
  }
}
