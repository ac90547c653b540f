import CKernels
import LatticeSupport
import Unaries

/// The guided filter's model of each window where some points are left out: all means are over the
/// points that count.
///
/// M(x) = W(m·x) / W(m), with W the mean over clipped windows and m 1 where points count; see
/// `LocalLinearModel` for the filter without a mask, which is faster.
struct MaskedLinearModel {
  private let channels: Int
  /// N × channels.
  private let guide: [Float]
  private let mask: PointMask
  private let means: WindowMeans
  /// 1 / W(m); 0 for windows without a point that counts.
  private let shares: [Float]
  /// See `ck_guide_statistics`.
  private let statistics: AlignedBuffer<Float>
  private let parallelism: Parallelism

  /// Points in a piece of work.
  private static let grain = 2048
  private static let identity = (0..<grain).map(Int32.init)

  private var entries: Int { channels + channels * (channels + 1) / 2 }

  /// - Complexity: O(N·channels²), whatever the radius.
  init(
    _ guide: [Float], channels: Int, mask: PointMask, radius: Int, epsilon: Double,
    parallelism: Parallelism
  ) {
    self.guide = guide
    self.channels = channels
    self.mask = mask
    self.parallelism = parallelism
    let means = WindowMeans(WindowGeometry(mask.grid, radius: radius, border: .clip))
    self.means = means
    let counted = AlignedBuffer(copying: mask.isCounted.map { $0 ? Float(1) : 0 })
    means.apply(to: counted, size: 1, parallelism: parallelism)
    // A share of one point of the largest window is far above what rounding leaves of none.
    let least = 0.5 / Float(mask.grid.extents.reduce(1) { $0 * min($1, 2 * radius + 1) })
    shares = (0..<mask.grid.count).map { counted.base[$0] > least ? 1 / counted.base[$0] : 0 }
    statistics = AlignedBuffer(zeros: mask.grid.count * (channels + channels * (channels + 1) / 2))
    findStatistics(epsilon: epsilon)
  }

  private func findStatistics(epsilon: Double) {
    let entries = entries
    let padded = (entries + 3) / 4 * 4
    let moments = AlignedBuffer<Float>(zeros: mask.grid.count * entries)
    forEachPiece { range, guide in
      let own = AlignedBuffer<Double>(uninitialized: range.count * padded)
      ck_guide_moments(guide, channels, Self.identity, range.count, padded, own.base)
      for point in range where mask.isCounted[point] {
        for entry in 0..<entries {
          moments.base[point * entries + entry] = Float(
            own.base[(point - range.lowerBound) * padded + entry])
        }
      }
    }
    means.apply(to: moments, size: entries, parallelism: parallelism)
    forEachPiece { range, _ in
      let own = AlignedBuffer<Double>(zeros: range.count * padded)
      for point in range {
        for entry in 0..<entries {
          own.base[(point - range.lowerBound) * padded + entry] =
            Double(moments.base[point * entries + entry]) * Double(shares[point])
        }
      }
      let ones = [Double](repeating: 1, count: range.count)
      ck_guide_statistics(
        own.base, padded, ones, 1, channels, epsilon, Self.identity, range.count,
        statistics.base + range.lowerBound * entries)
    }
  }

  /// Filtered scores; those of points that are left out stay.
  ///
  /// - Complexity: O(N·channels·labels), whatever the radius. Memory for 8 labels at a time:
  ///   8·(channels + 1)·N floats.
  func scores(_ scores: ChannelField) -> ChannelField {
    var output = scores
    let (base, stride) = (output.mutableBase(), scores.stride)
    let lanes = min(8, stride)
    let size = (channels + 1) * lanes
    let models = AlignedBuffer<Float>(uninitialized: scores.points * size)
    for label in Swift.stride(from: 0, to: stride, by: lanes) {
      forEachPiece { range, guide in
        ck_guided_products(
          scores.base + range.lowerBound * stride + label, stride, guide, channels, range.count,
          lanes, models.base + range.lowerBound * size)
        clear(range, of: models, size)
      }
      means.apply(to: models, size: size, parallelism: parallelism)
      forEachPiece { range, _ in
        ck_guided_coefficients(
          models.base + range.lowerBound * size, Array(shares[range]), 1,
          statistics.base + range.lowerBound * entries, channels, Self.identity, range.count, lanes)
        clear(range, of: models, size)
      }
      means.apply(to: models, size: size, parallelism: parallelism)
      forEachPiece { range, guide in
        let own = AlignedBuffer<Float>(uninitialized: range.count * lanes)
        ck_guided_scores(
          models.base + range.lowerBound * size, Array(shares[range]), 1, guide, channels,
          Self.identity, range.count, lanes, own.base, lanes)
        for point in range where mask.isCounted[point] {
          (base + point * stride + label).update(
            from: own.base + (point - range.lowerBound) * lanes, count: lanes)
        }
      }
    }
    return output
  }

  /// Puts zeros at the points that are left out.
  private func clear(_ range: Range<Int>, of values: AlignedBuffer<Float>, _ size: Int) {
    for point in range where !mask.isCounted[point] {
      (values.base + point * size).update(repeating: 0, count: size)
    }
  }

  /// Calls `body` with ranges of points and their guide's values, on several threads.
  private func forEachPiece(_ body: (Range<Int>, UnsafePointer<Float>) -> Void) {
    let points = mask.grid.count
    guide.withUnsafeBufferPointer { guide in
      nonisolated(unsafe) let guide = guide.baseAddress!
      parallelism.forEach((points + Self.grain - 1) / Self.grain) { piece in
        let range = piece * Self.grain..<min(points, (piece + 1) * Self.grain)
        body(range, guide + range.lowerBound * channels)
      }
    }
  }
}
