import CKernels
import LatticeSupport
import Unaries

extension GuidedFilter {
  /// What a loss of filtered scores changes with.
  public struct Gradients: Sendable {
    /// ∂/∂ of the scores, N × L.
    public var scores: ChannelField
    /// ∂/∂ of the guide, N × C.
    public var guide: [Float]
    /// ∂/∂ε.
    public var epsilon: Double
  }

  /// Scores filtered by a guide of any values.
  ///
  /// - Parameters:
  ///   - scores: N × L.
  ///   - guide: N × C values, finite. ε is in squared units of them.
  ///   - grid: N points.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × L scores.
  /// - Throws: `InputError` where the guide has more than 64 channels.
  /// - Complexity: O(N·C·(L + C²)), whatever the radius.
  public func filter(
    _ scores: ChannelField, guide: [Float], on grid: GridShape,
    parallelism: Parallelism = .automatic
  ) throws -> ChannelField {
    let channels = try channels(of: guide, scores, on: grid)
    return model(Self.centered(guide, channels), channels, grid, parallelism)
      .scores(scores, parallelism: parallelism)
  }

  /// The gradients of a loss by the scores, the guide and ε.
  ///
  /// With M the mean over windows, q = M(a)·I + M(b), b = M(p) − a·M(I) and
  /// a = (Σ + ε)⁻¹·(M(I·p) − M(I)·M(p)) (He, Sun & Tang 2013, equations 11 to 21),
  /// differentiated by hand; Mᵀ is found as fast as M.
  ///
  /// - Parameters:
  ///   - scores: N × L scores that were filtered.
  ///   - guide: N × C values.
  ///   - grid: N points.
  ///   - upstream: N × L, the gradient with respect to what `filter` gave.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × L and N × C values, and a number.
  /// - Throws: `InputError` where the guide has more than 64 channels.
  /// - Complexity: O(N·C·L·C), whatever the radius. Memory for 8 labels at a time: 24·(C + 1)·N
  ///   floats, and 2·(C + C·(C + 1)/2)·N for the guide.
  public func gradients(
    of scores: ChannelField, guide: [Float], on grid: GridShape, upstream: ChannelField,
    parallelism: Parallelism = .automatic
  ) throws -> Gradients {
    let channels = try channels(of: guide, scores, on: grid)
    precondition(
      upstream.points == scores.points && upstream.channels == scores.channels,
      "\(upstream.points) × \(upstream.channels) gradients of \(scores.points) scores")
    let levels = Self.centered(guide, channels)
    return LinearModelReverse(
      model(levels, channels, grid, parallelism), guide: levels, channels: channels,
      parallelism: parallelism
    ).gradients(of: scores, upstream: upstream)
  }

  private func channels(
    of guide: [Float], _ scores: ChannelField, on grid: GridShape
  ) throws -> Int {
    precondition(subsampling == 1, "gradients of a filter that leaves points out")
    precondition(
      scores.points == grid.count && !guide.isEmpty && guide.count % grid.count == 0,
      "\(scores.points) scores and a guide of \(guide.count) values on \(grid)")
    let channels = guide.count / grid.count
    try Self.check(channels: channels)
    return channels
  }

  /// Each channel without its mean: the filter does not see it, and products lose fewer digits.
  private static func centered(_ guide: [Float], _ channels: Int) -> [Float] {
    var means = [Double](repeating: 0, count: channels)
    for (index, value) in guide.enumerated() { means[index % channels] += Double(value) }
    let points = Double(guide.count / channels)
    return guide.enumerated().map { Float(Double($1) - means[$0 % channels] / points) }
  }
}

/// The way back through a guided filter, some labels at a time.
private struct LinearModelReverse {
  private let model: LocalLinearModel
  private let guide: [Float]
  private let channels: Int
  private let means: WindowMeans
  private let parallelism: Parallelism
  private let identity: [Int32]
  private let ones: [Float]

  /// Points in a piece of work.
  private static let grain = 2048

  init(
    _ model: LocalLinearModel, guide: [Float], channels: Int, parallelism: Parallelism
  ) {
    self.model = model
    self.guide = guide
    self.channels = channels
    self.parallelism = parallelism
    means = WindowMeans(model.geometry)
    identity = (0..<Self.grain).map(Int32.init)
    ones = [Float](repeating: 1, count: Self.grain)
  }

  /// Values that are known of a window of the guide.
  private var entries: Int { channels + channels * (channels + 1) / 2 }

  func gradients(of scores: ChannelField, upstream: ChannelField) -> GuidedFilter.Gradients {
    let (points, stride, lanes) = (scores.points, scores.stride, min(8, scores.stride))
    let size = (channels + 1) * lanes
    let models = AlignedBuffer<Float>(uninitialized: points * size)
    let slopes = AlignedBuffer<Float>(uninitialized: points * size)
    let averages = AlignedBuffer<Float>(uninitialized: points * size)
    let windows = AlignedBuffer<Float>(zeros: points * entries)
    let byGuide = AlignedBuffer<Float>(zeros: points * channels)
    var result = ChannelField(points: points, channels: scores.channels)
    let byScores = result.mutableBase()
    for label in Swift.stride(from: 0, to: stride, by: lanes) {
      products(of: scores.base + label, stride, lanes, into: models)
      means.apply(to: models, size: size, parallelism: parallelism)
      forEachPiece { range, statistics, _ in
        ck_guided_coefficients(
          models.base + range.lowerBound * size, ones, 1, statistics, channels, identity,
          range.count, lanes)
      }
      averages.base.update(from: models.base, count: points * size)
      means.apply(to: averages, size: size, parallelism: parallelism)
      products(of: upstream.base + label, stride, lanes, into: slopes)
      means.apply(to: slopes, size: size, transposed: true, parallelism: parallelism)
      forEachPiece { range, statistics, _ in
        ck_guided_window_gradients(
          models.base + range.lowerBound * size, statistics, channels, range.count, lanes,
          slopes.base + range.lowerBound * size, windows.base + range.lowerBound * entries)
      }
      means.apply(to: slopes, size: size, transposed: true, parallelism: parallelism)
      forEachPiece { range, _, guide in
        let start = range.lowerBound * stride + label
        ck_guided_point_gradients(
          scores.base + start, upstream.base + start, stride, guide,
          slopes.base + range.lowerBound * size, averages.base + range.lowerBound * size,
          channels, range.count, lanes, byScores + start,
          byGuide.base + range.lowerBound * channels)
      }
    }
    let epsilon = settle(windows)
    means.apply(to: windows, size: entries, transposed: true, parallelism: parallelism)
    forEachPiece { range, _, guide in
      ck_guided_add_moments(
        guide, windows.base + range.lowerBound * entries, channels, range.count,
        byGuide.base + range.lowerBound * channels)
    }
    return GuidedFilter.Gradients(
      scores: result, guide: Array(UnsafeBufferPointer(start: byGuide.base, count: byGuide.count)),
      epsilon: epsilon)
  }

  /// p and I·p.
  private func products(
    of values: UnsafePointer<Float>, _ stride: Int, _ lanes: Int,
    into products: AlignedBuffer<Float>
  ) {
    forEachPiece { range, _, guide in
      ck_guided_products(
        values + range.lowerBound * stride, stride, guide, channels, range.count, lanes,
        products.base + range.lowerBound * (channels + 1) * lanes)
    }
  }

  /// What windows of the guide gain through their covariances; returns ∂/∂ε.
  private func settle(_ windows: AlignedBuffer<Float>) -> Double {
    let points = windows.count / entries
    let traces = AlignedBuffer<Double>(zeros: (points + Self.grain - 1) / Self.grain)
    forEachPiece { range, statistics, _ in
      traces.base[range.lowerBound / Self.grain] = ck_guided_settle_windows(
        statistics, channels, range.count, windows.base + range.lowerBound * entries)
    }
    return (0..<traces.count).reduce(0) { $0 + traces[$1] }
  }

  /// Calls `body` with ranges of points, their windows' statistics and their guide's values.
  private func forEachPiece(
    _ body: (
      _ range: Range<Int>, _ statistics: UnsafePointer<Float>, _ guide: UnsafePointer<Float>
    ) -> Void
  ) {
    let points = guide.count / channels
    guide.withUnsafeBufferPointer { guide in
      nonisolated(unsafe) let guide = guide.baseAddress!
      parallelism.forEach((points + Self.grain - 1) / Self.grain) { piece in
        let range = piece * Self.grain..<min(points, (piece + 1) * Self.grain)
        body(
          range, UnsafePointer(model.statistics.base) + range.lowerBound * entries,
          guide + range.lowerBound * channels)
      }
    }
  }
}
