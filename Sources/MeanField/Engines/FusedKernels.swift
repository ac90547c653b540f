import CKernels
import Lattice
import LatticeSupport

/// One pairwise term of a sweep with what its filter's rows hold.
struct FusedKernel: Sendable {
  let filter: any FactoredFilter
  let splatMatrix: SplatMatrix
  /// K', which may be transposed: its factors change sides then, and so does its blur.
  private let kernel: NormalizedFilter
  private let isTransposed: Bool
  /// What a message is multiplied with: one factor for all labels, or one each
  /// and the padding's, or a matrix, whose rows belong to the label of the message.
  private(set) var factor: Float = 1
  private(set) var labelFactors: AlignedBuffer<Float>?
  private(set) var matrix: AlignedBuffer<Float>?
  /// Rows that messages are sliced from.
  private(set) var sliced: RowPanels
  /// Rows that marginals are splatted to.
  private(set) var splatted: RowPanels
  /// Rows to splat to while those sliced from are kept.
  private var spare: RowPanels?
  /// Rows to begin from more than once.
  private var kept: RowPanels?
  private var slicesKept = false
  /// What the filter's blur needs.
  let scratch: AlignedBuffer<Float>

  init(
    filter: any FactoredFilter, term: PreparedTerm, stride: Int, isTransposed: Bool
  ) {
    self.filter = filter
    splatMatrix = filter.splatMatrix
    kernel = term.kernel
    self.isTransposed = isTransposed
    sliced = RowPanels(rowCount: filter.rowCount, stride: stride)
    splatted = RowPanels(rowCount: filter.rowCount, stride: stride)
    scratch = AlignedBuffer(uninitialized: filter.blurScratch(stride: stride))
    weigh(term.factors)
  }

  mutating func weigh(_ factors: CompatibilityFactors) {
    labelFactors = nil
    matrix = nil
    switch factors {
    case .uniform(let weight):
      factor = filter.gain * weight
    case .perLabel(let weights):
      factor = filter.gain
      let padding = [Float](repeating: 0, count: sliced.stride - weights.count)
      labelFactors = AlignedBuffer(copying: weights + padding)
    case .matrix:
      factor = filter.gain
      matrix = factors.columns(stride: sliced.stride).map { AlignedBuffer(copying: $0) }
    }
  }

  mutating func keepRows() {
    kept = sliced
    spare = RowPanels(rowCount: filter.rowCount, stride: sliced.stride)
    slicesKept = true
  }

  mutating func restart() {
    guard let kept, !slicesKept else { return }
    spare = sliced
    sliced = kept
    slicesKept = true
  }

  /// Blurs what was splatted, which is sliced next.
  mutating func blurRows() {
    if isTransposed {
      filter.blurTransposed(splatted, scratch: scratch.bufferPointer)
    } else {
      filter.blur(splatted, scratch: scratch.bufferPointer)
    }
    let free = slicesKept ? spare : sliced
    slicesKept = false
    sliced = splatted
    if let free { splatted = free }
  }

  /// What a sweep over one segment takes.
  ///
  /// - Parameters:
  ///   - index: the segment.
  ///   - isByPoint: whether entries are in the order of the points.
  ///   - reach: of the sweep's order.
  ///   - slices: whether rows are sliced from.
  ///   - splats: whether rows are splatted to.
  func pass(
    segment index: Int, isByPoint: Bool, reach: AlignedBuffer<UInt32>, slices: Bool, splats: Bool
  ) -> ck_sweep_kernel {
    let segment = splatMatrix.segments[index]
    func scale(_ values: AlignedBuffer<Float>?) -> UnsafePointer<Float>? {
      values.map { UnsafePointer($0.base + segment.points.lowerBound) }
    }
    let (first, last) =
      isTransposed
      ? (kernel.outputScale, kernel.inputScale) : (kernel.inputScale, kernel.outputScale)
    return ck_sweep_kernel(
      vertices: splatMatrix.vertices(of: segment), weights: splatMatrix.weights(of: segment),
      is_by_point: isByPoint, corners: Int32(splatMatrix.corners),
      label_factors: labelFactors.map { UnsafePointer($0.base) }, factor: factor,
      matrix: matrix.map { UnsafePointer($0.base) },
      channels: Int32((matrix?.count ?? 0) / sliced.stride), products: nil,
      message_scale: scale(last), marginal_scale: scale(first),
      sliced: slices ? UnsafePointer(sliced.base) : nil,
      splatted: splats ? splatted.base : nil, row_count: filter.rowCount,
      first_row: segment.rows.lowerBound, reach: reach.base)
  }
}

/// All terms of a CRF for sweeps, and the order in which the points of each segment are visited.
struct FusedKernels: Sendable {
  var kernels: [FusedKernel]
  /// For each segment, the order in which its points are visited.
  private let orders: [SweepOrder]
  let parallelism: Parallelism

  /// `nil` where terms cannot be fused: a filter has no rows or takes each point's own marginal out
  /// of its message, or two of them visit the points in orders of their own.
  init?(
    _ terms: [PreparedTerm], stride: Int, isTransposed: Bool = false, parallelism: Parallelism
  ) {
    var kernels: [FusedKernel] = []
    for term in terms {
      guard let filter = term.kernel.filter.factored, term.kernel.selfScale == nil else {
        return nil
      }
      kernels.append(
        FusedKernel(filter: filter, term: term, stride: stride, isTransposed: isTransposed))
    }
    guard let count = kernels.first?.splatMatrix.segments.count,
      kernels.allSatisfy({ $0.splatMatrix.segments.count == count })
    else { return nil }
    let filters = kernels.map(\.filter)
    let orders = parallelism.map(count) { index in
      SweepOrder(of: filters, segment: index)
    }.compactMap(\.self)
    guard orders.count == count else { return nil }
    self.kernels = kernels
    self.orders = orders
    self.parallelism = parallelism
  }

  var segments: [SplatMatrix.Segment] { kernels[0].splatMatrix.segments }

  /// Calls `body` for every segment, on several threads.
  func forEachSegment(
    slices: Bool, splats: Bool,
    _ body: (
      _ index: Int, _ points: Range<Int>, _ order: SweepOrder, _ passes: [ck_sweep_kernel]
    ) -> Void
  ) {
    let segments = segments
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let order = orders[index]
      let passes = kernels.indices.map { kernel in
        kernels[kernel].pass(
          segment: index, isByPoint: order.isByPoint[kernel], reach: order.reach[kernel],
          slices: slices, splats: splats)
      }
      body(index, segments[index].points, order, passes)
    }
  }

  /// Blurs what was splatted, which is sliced next.
  mutating func blurRows() {
    for index in kernels.indices { kernels[index].blurRows() }
  }
}
