import CKernels
import Lattice
import LatticeSupport

/// K' = diag(o)·K̂·diag(e) of one term: a filter with its normalisation and its self term.
struct NormalizedFilter: Sendable {
  /// Sums over pairs; its weights hold the normalisation where they can, so that no scales are
  /// left.
  let filter: any GaussianFilter
  /// Factors of the values that go into the filter; `nil` for 1.
  let inputScale: AlignedBuffer<Float>?
  /// Factors of the sums that come out; `nil` for 1.
  let outputScale: AlignedBuffer<Float>?
  /// What of each point's own value is taken out of its sum; `nil` where it stays.
  let selfScale: AlignedBuffer<Float>?
  /// Which sides are divided by n.
  let normalization: Normalization
  /// Whether Kᵢᵢ counts.
  let selfTerm: SelfTerm
  /// What it was made of.
  var parts: Parts?

  /// K and the factors of K', each by itself.
  struct Parts: Sendable {
    /// K itself; `nil` where it was not to be kept.
    let bare: (any GaussianFilter)?
    /// K·1, or (K − I)·1 where the self term does not count in it; `nil` without normalisation.
    let sums: AlignedBuffer<Float>?
    /// e; `nil` for 1.
    let input: AlignedBuffer<Float>?
    /// o; `nil` for 1.
    let output: AlignedBuffer<Float>?
  }

  /// - Parameters:
  ///   - filter: K; a value: what its weights are multiplied with here does not show in copies.
  ///   - normalization: which sides are divided by n.
  ///   - selfTerm: whether Kᵢᵢ counts, and in n.
  ///   - keepsBare: keeps K, which takes a copy of its weights where they hold the normalisation.
  ///   - parallelism: the threads to use.
  init(
    _ filter: any GaussianFilter, normalization: Normalization, selfTerm: SelfTerm,
    keepsBare: Bool, parallelism: Parallelism
  ) {
    self.normalization = normalization
    self.selfTerm = selfTerm
    // Best not summed at all.
    let others = selfTerm == .included ? nil : filter.withoutSelf()
    let leftOut = others == nil ? nil : filter.selfWeights()
    var filter = others ?? filter
    let bare = keepsBare ? filter : nil
    let selfWeights = selfTerm == .included || others != nil ? nil : filter.selfWeights()
    guard normalization != .none else {
      self.filter = filter
      inputScale = nil
      outputScale = nil
      selfScale = selfWeights.map { AlignedBuffer(copying: $0) }
      parts = Parts(bare: bare, sums: nil, input: nil, output: nil)
      return
    }
    let sums = Self.sums(of: filter, parallelism: parallelism)
    if selfTerm == .excluded, let leftOut {
      for point in leftOut.indices { sums[point] += leftOut[point] }
    }
    var divisors = sums
    if selfTerm == .excludedBeforeNormalization, let selfWeights {
      divisors = AlignedBuffer(uninitialized: sums.count)
      for point in selfWeights.indices {
        let others = sums[point] - selfWeights[point]
        let hasOthers = others > Self.noise * selfWeights[point]
        sums[point] = hasOthers ? others : 0
        // Who has no neighbours gets and sends no messages: divided by nothing, rounding would be
        // one.
        divisors[point] = hasOthers ? others : .infinity
      }
    }
    let scales = normalization.scales(from: divisors, parallelism: parallelism)
    if normalization == .symmetric, let both = scales.input,
      filter.scale(by: UnsafeBufferPointer(both.bufferPointer), parallelism: parallelism)
    {
      inputScale = nil
      outputScale = nil
    } else {
      inputScale = scales.input
      outputScale = scales.output
    }
    self.filter = filter
    selfScale = selfWeights.map { weights in
      AlignedBuffer(
        copying: weights.indices.map { point in
          weights[point] * (scales.input?[point] ?? 1) * (scales.output?[point] ?? 1)
        })
    }
    parts = Parts(bare: bare, sums: sums, input: scales.input, output: scales.output)
  }

  /// What is left of a sum in float32 when all that it consists of is taken out again.
  private static let noise: Float = 1e-6

  /// K·1, of one channel.
  private static func sums(
    of filter: any GaussianFilter, parallelism: Parallelism
  ) -> AlignedBuffer<Float> {
    if let filter = filter.factored, filter.points > 0 {
      return filter.rowSums(parallelism: parallelism)
    }
    let ones = ChannelField(
      points: filter.points, channels: 1, rows: [Float](repeating: 1, count: filter.points))
    return AlignedBuffer(copying: filter.apply(to: ones).rows())
  }
}

extension NormalizedFilter {
  /// K'·`values`, or with K' transposed: the factors then change sides.
  ///
  /// - Parameters:
  ///   - values: N × C.
  ///   - output: N × C, overwritten.
  ///   - scaled: of the same shape, for values that are multiplied first.
  ///   - transposed: whether K' is.
  ///   - parallelism: the threads to use.
  func apply(
    to values: ChannelField, into output: inout ChannelField, scaled: inout ChannelField,
    transposed: Bool = false, parallelism: Parallelism
  ) {
    let (first, last) = transposed ? (outputScale, inputScale) : (inputScale, outputScale)
    if let first {
      scaleRows(values.base, by: first, values.stride, into: scaled.mutableBase(), parallelism)
    }
    let input = first == nil ? values : scaled
    if transposed {
      filter.applyTransposed(to: input, into: &output)
    } else {
      filter.apply(to: input, into: &output)
    }
    if let last {
      let base = output.mutableBase()
      scaleRows(base, by: last, output.stride, into: base, parallelism)
    }
    if let selfScale { subtract(values, scale: selfScale, from: &output, parallelism) }
  }

  /// What a sum of a filter with rows begins with: `values`, scaled and splatted.
  func splat(
    _ values: ChannelField, into rows: RowPanels, scaled: inout ChannelField,
    parallelism: Parallelism
  ) {
    if let inputScale {
      scaleRows(values.base, by: inputScale, values.stride, into: scaled.mutableBase(), parallelism)
    }
    filter.factored?.splatMatrix.splat(
      inputScale == nil ? values : scaled, into: rows, parallelism: parallelism)
  }

  private func scaleRows(
    _ values: UnsafePointer<Float>, by scale: AlignedBuffer<Float>, _ stride: Int,
    into output: UnsafeMutablePointer<Float>, _ parallelism: Parallelism
  ) {
    parallelism.forEachChunk(of: scale.count, grain: PairwiseMessages.grain) { points in
      let first = points.lowerBound * stride
      ck_scale_rows(
        values + first, scale.base + points.lowerBound, points.count, stride, output + first)
    }
  }

  private func subtract(
    _ values: ChannelField, scale: AlignedBuffer<Float>, from output: inout ChannelField,
    _ parallelism: Parallelism
  ) {
    let stride = values.stride
    let target = output.mutableBase()
    let minusOne = [Float](repeating: -1, count: stride)
    parallelism.forEachChunk(of: values.points, grain: PairwiseMessages.grain) { points in
      ck_add_weighted(
        values.base + points.lowerBound * stride, scale.base + points.lowerBound, minusOne,
        points.count, stride, target + points.lowerBound * stride)
    }
  }
}
