import CKernels
import LatticeSupport
import Unaries

/// Some pixels around each pixel of an image, and weights by which they count.
struct NeighbourFilter {
  /// What lies beyond the border.
  enum Border {
    /// The edge, repeated (aaa|abcd|ddd).
    case edge
    /// The mirror image without the edge (dcb|abcd|cba).
    case mirror
  }

  let width: Int
  let height: Int
  /// How far neighbours are from a pixel.
  let offsets: [(dy: Int, dx: Int)]
  private let margin: Int
  private let border: Border
  private let channels: Int
  /// The guide's planes with `margin` pixels around each; then, with a mask, one that has 1 where
  /// pixels count and 0 elsewhere.
  private let planes: AlignedBuffer<Float>
  /// The pixels that count; `nil` for all.
  private let mask: PointMask?
  /// Where each column, `margin` of them beyond the border on either side, has its values from.
  private let columns: [Int32]

  private var pitch: Int { width + 2 * margin }
  private var planeCount: Int { pitch * (height + 2 * margin) }
  /// Rows that a thread does at a time.
  private static let rowGrain = 4
  /// More weights than this, in bytes, are found anew in each round instead of being kept.
  private static let mostWeightBytes = 1 << 31

  /// - Throws: `InputError` where the guide does not lie on two axes.
  init(
    _ guide: Guide, offsets: [(dy: Int, dx: Int)], border: Border, filter: String
  ) throws {
    guard guide.grid.rank == 2 else {
      throw InputError(
        .data, "\(filter) is for images of 2 axes, but this one has \(guide.grid.rank)",
        remedy: "use 'guided', 'domain-transform' or 'smoother', which take any number")
    }
    self.offsets = offsets
    self.border = border
    (width, height, channels) = (guide.grid.width, guide.grid.height, guide.channels)
    mask = guide.mask
    margin = offsets.reduce(0) { max($0, abs($1.dy), abs($1.dx)) }
    let (width, height, margin) = (width, height, margin)
    columns = (-margin..<width + margin).map {
      Int32(Self.coordinate($0, of: width, border))
    }
    // A block of pixels is read at a time, beyond the last one too.
    planes = AlignedBuffer(
      zeros: (width + 2 * margin) * (height + 2 * margin) * (channels + (mask == nil ? 0 : 1))
        + Int(CK_NEIGHBOUR_BLOCK))
    for row in -margin..<height + margin {
      let source = Self.coordinate(row, of: height, border) * width
      for (index, column) in columns.enumerated() {
        let point = source + Int(column)
        let place = (row + margin) * pitch + index
        for channel in 0..<channels {
          planes.base[channel * planeCount + place] = guide.levels[point * channels + channel]
        }
        if let mask { planes.base[channels * planeCount + place] = mask.isCounted[point] ? 1 : 0 }
      }
    }
  }

  private static func coordinate(_ coordinate: Int, of extent: Int, _ border: Border) -> Int {
    guard border == .mirror, extent > 1 else { return min(max(coordinate, 0), extent - 1) }
    let period = 2 * (extent - 1)
    let place = ((coordinate % period) + period) % period
    return place < extent ? place : period - place
  }

  /// Rounds of weighted means.
  ///
  /// - Parameters:
  ///   - values: N rows.
  ///   - rounds: how many; each sees what the one before gave.
  ///   - parallelism: the threads to use.
  ///   - weigh: writes `width` × neighbours weights of a row of pixels.
  func apply(
    to values: consuming ChannelField, rounds: Int, parallelism: Parallelism,
    weigh: (_ neighbours: ck_neighbours, _ weights: UnsafeMutablePointer<Float>) -> Void
  ) -> ChannelField {
    var current = values
    guard rounds > 0 else { return current }
    var next = ChannelField(uninitializedPoints: current.points, channels: current.channels)
    let (taps, stride) = (offsets.count, current.stride)
    let rowWeights = width * taps
    let keeps = rounds > 1 && rowWeights * height * 4 <= Self.mostWeightBytes
    let kept = AlignedBuffer<Float>(uninitialized: keeps ? rowWeights * height : 0)
    let steps = offsets.map { Int32($0.dx) }
    let distances = offsets.map { $0.dy * pitch + $0.dx }
    for round in 0..<rounds {
      let output = next.mutableBase()
      parallelism.forEachChunk(of: height, grain: Self.rowGrain) { rows in
        if Cancellation.isRequested { return }
        let own = AlignedBuffer<Float>(uninitialized: keeps ? 0 : rowWeights)
        for row in rows {
          let weights = keeps ? kept.base + row * rowWeights : own.base
          if !keeps || round == 0 {
            distances.withUnsafeBufferPointer { distances in
              let first = planes.base + (row + margin) * pitch + margin
              weigh(
                ck_neighbours(
                  guide: first, plane: planeCount, channels: channels,
                  counted: mask.map { _ in UnsafePointer(first + channels * planeCount) },
                  offsets: distances.baseAddress, taps: taps), weights)
            }
          }
          let neighbours = offsets.map {
            Int32(Self.coordinate(row + $0.dy, of: height, border))
          }
          ck_neighbour_sums(
            current.base, neighbours, steps, columns, margin, weights, taps, width, width, stride,
            output + row * width * stride)
          if let mask {
            keep(row, of: current, where: mask, weights, in: output + row * width * stride)
          }
        }
      }
      swap(&current, &next)
    }
    return current
  }

  /// Gives the pixels of a row their own values that are left out or have no neighbours that count.
  private func keep(
    _ row: Int, of values: ChannelField, where mask: PointMask, _ weights: UnsafePointer<Float>,
    in output: UnsafeMutablePointer<Float>
  ) {
    let (taps, stride) = (offsets.count, values.stride)
    for column in 0..<width {
      let own = UnsafeBufferPointer(start: weights + column * taps, count: taps)
      if mask.isCounted[row * width + column], own.contains(where: { $0 > 0 }) { continue }
      (output + column * stride).update(
        from: values.base + (row * width + column) * stride, count: stride)
    }
  }
}
