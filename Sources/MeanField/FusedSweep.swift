import CKernels
import Lattice
import Support

/// Mean field updates in one pass over the points: gather messages, add the unary, softmax, spread.
///
/// Nothing of size N × L is written but the marginals, and those only where somebody reads them. Label
/// compatibilities act on the rows of the filters, of which there are fewer than points as a rule.
struct FusedSweep: Sendable {
  /// One pairwise term with what its filter's rows hold.
  private struct Kernel: Sendable {
    let filter: any FactoredFilter
    let term: PreparedTerm
    /// What the compatibility multiplies labels with, padding included.
    let factors: [Float]
    var rows: FilterRows
  }

  private var kernels: [Kernel]
  private let parallelism: Parallelism

  /// `nil` where a term cannot be fused: its filter has no rows, it mixes labels, or it takes each
  /// point's own marginal out of its message.
  init?(_ crf: DenseCRF) {
    parallelism = crf.parallelism
    let stride = crf.unary.values.stride
    var kernels: [Kernel] = []
    for term in crf.terms {
      guard let filter = term.filter as? any FactoredFilter, term.selfScale == nil,
        case .perLabel(let weights) = term.factors
      else { return nil }
      let factors = weights + [Float](repeating: 0, count: stride - weights.count)
      let rows = Self.rows(of: filter, stride: stride)
      kernels.append(Kernel(filter: filter, term: term, factors: factors, rows: rows))
    }
    guard !kernels.isEmpty else { return nil }
    self.kernels = kernels
  }

  private static func rows(of filter: some FactoredFilter, stride: Int) -> FilterRows {
    FilterRows(filter, stride: stride)
  }

  /// What a sweep does besides the softmax.
  struct Pass {
    /// Adds messages from what the last sweep spread.
    var gathers: Bool
    /// Spreads the marginals for the next sweep.
    var spreads: Bool
    /// Compares the marginals with those before.
    var comparesMarginals = false
  }

  /// One pass over all points.
  ///
  /// - Parameter marginals: where to write the marginals; `nil` where only the next sweep needs them.
  /// - Returns: the largest change of a marginal, where they are compared.
  mutating func sweep(
    unary: ChannelField, _ pass: Pass, marginals: UnsafeMutablePointer<Float>?
  ) -> Float {
    let stride = unary.stride
    let segments = kernels[0].filter.segments
    let changes = AlignedBuffer<Float>(repeating: 0, count: segments.count)
    let kernels = kernels
    parallelism.forEach(segments.count) { index in
      let points = segments[index].points
      let passes = kernels.map { Self.kernel($0, segment: index, pass) }
      let scratch = AlignedBuffer<Float>(uninitialized: 2 * stride)
      ck_sweep(
        unary.base + points.lowerBound * stride, points.count, stride, passes, Int32(passes.count),
        marginals.map { $0 + points.lowerBound * stride },
        pass.comparesMarginals ? changes.base + index : nil, scratch.base)
    }
    if pass.spreads {
      for index in kernels.indices { blur(&self.kernels[index]) }
    }
    return (0..<segments.count).reduce(0) { max($0, changes[$1]) }
  }

  private func blur(_ kernel: inout Kernel) {
    kernel.filter.blur(&kernel.rows, factors: kernel.factors)
  }

  /// Bytes of rows that are sure to stay in a core's second-level cache.
  private static let cachedBytes = 256 << 10

  private static func kernel(_ kernel: Kernel, segment index: Int, _ pass: Pass) -> ck_sweep_kernel
  {
    let segment = kernel.filter.segments[index]
    let stride = kernel.rows.stride
    let first = segment.rows.lowerBound * stride
    if pass.spreads {
      kernel.rows.splatted.clear(first..<first + segment.rows.count * stride)
    }
    func scale(_ values: AlignedBuffer<Float>?) -> UnsafePointer<Float>? {
      values.map { UnsafePointer($0.base + segment.points.lowerBound) }
    }
    return ck_sweep_kernel(
      vertices: segment.vertices.base, weights: segment.weights.base,
      corners: Int32(kernel.filter.corners),
      prefetches: segment.rows.count * stride * MemoryLayout<Float>.stride > cachedBytes,
      message_scale: scale(kernel.term.outputScale),
      marginal_scale: scale(kernel.term.inputScale),
      sliced: pass.gathers ? kernel.rows.blurred.base + first : nil,
      splatted: pass.spreads ? kernel.rows.splatted.base + first : nil)
  }
}
