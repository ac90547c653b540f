import CKernels
import Lattice
import LatticeSupport

/// Mean field updates in one pass over the points: gather messages, add the unary, softmax, spread.
///
/// Nothing of size N × L is written but the marginals, and those only where somebody reads them.
struct FusedSweep: Sendable {
  /// One pairwise term with what its filter's rows hold.
  private struct Kernel: Sendable {
    let filter: any FactoredFilter
    let term: PreparedTerm
    /// What a message is multiplied with: one factor for all labels, or one each and the padding's.
    private(set) var factor: Float = 1
    private(set) var labelFactors: AlignedBuffer<Float>?
    /// Rows that messages are gathered from.
    private(set) var gathered: RowPanels
    /// Rows that marginals are spread to.
    private(set) var spread: RowPanels
    /// Rows to spread to while those gathered from are kept.
    private var spare: RowPanels?
    /// Rows to begin from more than once.
    private var kept: RowPanels?
    private var gathersKept = false
    /// What the filter's blur needs.
    let scratch: AlignedBuffer<Float>

    init(filter: any FactoredFilter, term: PreparedTerm, weights: [Float], stride: Int) {
      self.filter = filter
      self.term = term
      gathered = RowPanels(rowCount: filter.rowCount, stride: stride)
      spread = RowPanels(rowCount: filter.rowCount, stride: stride)
      scratch = AlignedBuffer(uninitialized: filter.blurScratch(stride: stride))
      weigh(weights)
    }

    /// - Parameter weights: one a label.
    mutating func weigh(_ weights: [Float]) {
      if Set(weights).count == 1 {
        factor = filter.gain * weights[0]
        labelFactors = nil
      } else {
        factor = filter.gain
        let padding = [Float](repeating: 0, count: gathered.stride - weights.count)
        labelFactors = AlignedBuffer(copying: weights + padding)
      }
    }

    /// What was spread and blurred is gathered next.
    mutating func swapRows() {
      let free = gathersKept ? spare : gathered
      gathersKept = false
      gathered = spread
      if let free { spread = free }
    }

    mutating func keepRows() {
      kept = gathered
      spare = RowPanels(rowCount: filter.rowCount, stride: gathered.stride)
      gathersKept = true
    }

    mutating func restart() {
      guard let kept, !gathersKept else { return }
      spare = gathered
      gathered = kept
      gathersKept = true
    }
  }

  private var kernels: [Kernel]
  /// For each segment, the order in which its points are visited.
  private let orders: [SweepOrder]
  private let parallelism: Parallelism

  /// `nil` where terms cannot be fused: a filter has no rows, mixes labels or takes each point's
  /// own marginal out of its message, or two of them visit the points in orders of their own.
  init?(_ crf: DenseCRF) {
    parallelism = crf.parallelism
    let stride = crf.unary.values.stride
    var kernels: [Kernel] = []
    for term in crf.terms {
      guard let filter = term.filter as? any FactoredFilter, term.selfScale == nil,
        case .perLabel(let weights) = term.factors
      else { return nil }
      kernels.append(Kernel(filter: filter, term: term, weights: weights, stride: stride))
    }
    guard let first = kernels.first else { return nil }
    let filters = kernels.map(\.filter)
    let orders = parallelism.map(first.filter.segments.count) { index in
      SweepOrder(of: filters, segment: index)
    }.compactMap(\.self)
    guard orders.count == first.filter.segments.count else { return nil }
    self.kernels = kernels
    self.orders = orders
  }

  /// Notes what the next sweep gathers from, for `restart(with:)`.
  mutating func keepRows() {
    for index in kernels.indices { kernels[index].keepRows() }
  }

  /// Makes the next sweep gather what the one after `keepRows()` did, with the weights of the terms
  /// of `crf`, which has the same filters.
  mutating func restart(with crf: DenseCRF) {
    for (index, term) in crf.terms.enumerated() {
      guard case .perLabel(let weights) = term.factors else { continue }
      kernels[index].weigh(weights)
      kernels[index].restart()
    }
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
  /// - Parameters:
  ///   - unary: points × `stride`.
  ///   - marginals: where to write the marginals, points × `stride`, which may be where the
  ///     energies are; `nil` where only the next sweep needs them.
  /// - Returns: the largest change of a marginal, where they are compared.
  mutating func sweep(
    unary: UnsafePointer<Float>, stride: Int, _ pass: Pass, marginals: UnsafeMutablePointer<Float>?
  ) -> Float {
    let segments = kernels[0].filter.segments
    let changes = AlignedBuffer<Float>(repeating: 0, count: segments.count)
    let (kernels, orders) = (kernels, orders)
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let first = segments[index].points.lowerBound
      let order = orders[index]
      let passes = kernels.indices.map { kernel in
        Self.kernel(
          kernels[kernel], segment: index, isByPoint: order.isByPoint[kernel],
          reach: order.reach[kernel], pass)
      }
      let scratch = AlignedBuffer<Float>(uninitialized: ck_sweep_scratch(stride))
      ck_sweep(
        unary + first * stride, stride, order.runs, order.runCount, passes, Int32(kernels.count),
        marginals.map { $0 + first * stride },
        pass.comparesMarginals ? changes.base + index : nil, scratch.base)
    }
    if pass.spreads {
      for index in kernels.indices {
        let kernel = kernels[index]
        kernel.filter.blur(kernel.spread, scratch: kernel.scratch)
        self.kernels[index].swapRows()
      }
    }
    return (0..<segments.count).reduce(0) { max($0, changes[$1]) }
  }

  private static func kernel(
    _ kernel: Kernel, segment index: Int, isByPoint: Bool, reach: AlignedBuffer<UInt32>,
    _ pass: Pass
  ) -> ck_sweep_kernel {
    let segment = kernel.filter.segments[index]
    func scale(_ values: AlignedBuffer<Float>?) -> UnsafePointer<Float>? {
      values.map { UnsafePointer($0.base + segment.points.lowerBound) }
    }
    return ck_sweep_kernel(
      vertices: segment.vertices.base, weights: segment.weights.base,
      is_by_point: isByPoint, corners: Int32(kernel.filter.corners),
      label_factors: kernel.labelFactors.map { UnsafePointer($0.base) }, factor: kernel.factor,
      message_scale: scale(kernel.term.outputScale), marginal_scale: scale(kernel.term.inputScale),
      sliced: pass.gathers ? UnsafePointer(kernel.gathered.base) : nil,
      splatted: pass.spreads ? kernel.spread.base : nil, row_count: kernel.filter.rowCount,
      first_row: segment.rows.lowerBound, reach: reach.base)
  }
}
