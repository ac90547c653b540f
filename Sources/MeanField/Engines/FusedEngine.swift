import CKernels
import Lattice
import LatticeSupport

/// Mean field updates in one pass over the points: slice messages, add the unary, softmax, splat.
///
/// Nothing of size N × L is written but the marginals, and those only where somebody reads them.
package struct FusedEngine: MeanFieldEngine {
  /// One pairwise term with what its filter's rows hold.
  private struct Kernel: Sendable {
    let filter: any FactoredFilter
    let splatMatrix: SplatMatrix
    let term: PreparedTerm
    /// What a message is multiplied with: one factor for all labels, or one each
    /// and the padding's.
    private(set) var factor: Float = 1
    private(set) var labelFactors: AlignedBuffer<Float>?
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

    init(filter: any FactoredFilter, term: PreparedTerm, stride: Int) {
      self.filter = filter
      splatMatrix = filter.splatMatrix
      self.term = term
      sliced = RowPanels(rowCount: filter.rowCount, stride: stride)
      splatted = RowPanels(rowCount: filter.rowCount, stride: stride)
      scratch = AlignedBuffer(uninitialized: filter.blurScratch(stride: stride))
      weigh(term.factors)
    }

    /// - Parameter factors: no matrix.
    mutating func weigh(_ factors: CompatibilityFactors) {
      switch factors {
      case .uniform(let weight):
        factor = filter.gain * weight
        labelFactors = nil
      case .perLabel(let weights):
        factor = filter.gain
        let padding = [Float](repeating: 0, count: sliced.stride - weights.count)
        labelFactors = AlignedBuffer(copying: weights + padding)
      case .matrix:
        preconditionFailure("a sweep cannot mix labels")
      }
    }

    /// What was splatted and blurred is sliced next.
    mutating func swapRows() {
      let free = slicesKept ? spare : sliced
      slicesKept = false
      sliced = splatted
      if let free { splatted = free }
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
  }

  private var kernels: [Kernel]
  /// For each segment, the order in which its points are visited.
  private let orders: [SweepOrder]
  private let parallelism: Parallelism

  /// `nil` where terms cannot be fused: a filter has no rows, mixes labels or takes each point's
  /// own marginal out of its message, or two of them visit the points in orders of their own.
  package init?(_ crf: DenseCRF) {
    parallelism = crf.parallelism
    let stride = crf.unary.values.stride
    var kernels: [Kernel] = []
    for term in crf.terms {
      guard let filter = term.filter.factored, term.selfScale == nil else { return nil }
      if case .matrix = term.factors { return nil }
      kernels.append(Kernel(filter: filter, term: term, stride: stride))
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
  }

  package static var carriesMarginals: Bool { true }

  package mutating func start(_ energies: ChannelField, into marginals: inout ChannelField) {
    _ = sweep(energies, .init(slices: false, splats: true), marginals: marginals.mutableBase())
  }

  package mutating func start(_ energies: ChannelField) {
    _ = sweep(energies, .init(slices: false, splats: true), marginals: nil)
  }

  package mutating func step(
    _ energies: ChannelField, into marginals: inout ChannelField, _ request: UpdateRequest
  ) -> Float {
    sweep(
      energies,
      .init(slices: true, splats: !request.isLast, comparesMarginals: request.measuresChange),
      marginals: marginals.mutableBase())
  }

  package mutating func step(_ energies: ChannelField) {
    _ = sweep(energies, .init(slices: true, splats: true), marginals: nil)
  }

  package mutating func finish(replacing energies: inout ChannelField) {
    let stride = energies.stride
    energies.replaceContents { energies, marginals in
      _ = sweep(
        unary: energies, stride: stride, .init(slices: true, splats: false), marginals: marginals)
    }
  }

  package mutating func keepStart() {
    for index in kernels.indices { kernels[index].keepRows() }
  }

  package mutating func restart(with crf: DenseCRF) {
    for (index, term) in crf.terms.enumerated() {
      kernels[index].weigh(term.factors)
      kernels[index].restart()
    }
  }

  /// What a sweep does besides the softmax.
  private struct Pass {
    /// Adds messages from what the last sweep splatted.
    var slices: Bool
    /// Splats the marginals for the next sweep.
    var splats: Bool
    /// Compares the marginals with those before.
    var comparesMarginals = false
  }

  private mutating func sweep(
    _ energies: ChannelField, _ pass: Pass, marginals: UnsafeMutablePointer<Float>?
  ) -> Float {
    sweep(unary: energies.base, stride: energies.stride, pass, marginals: marginals)
  }

  /// One pass over all points.
  ///
  /// - Parameters:
  ///   - unary: points × `stride`.
  ///   - marginals: where to write the marginals, points × `stride`, which may be where the
  ///     energies are; `nil` where only the next sweep needs them.
  /// - Returns: the largest change of a marginal, where they are compared.
  private mutating func sweep(
    unary: UnsafePointer<Float>, stride: Int, _ pass: Pass, marginals: UnsafeMutablePointer<Float>?
  ) -> Float {
    let segments = kernels[0].splatMatrix.segments
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
    if pass.splats {
      for index in kernels.indices {
        let kernel = kernels[index]
        kernel.filter.blur(kernel.splatted, scratch: kernel.scratch.bufferPointer)
        self.kernels[index].swapRows()
      }
    }
    return (0..<segments.count).reduce(0) { max($0, changes[$1]) }
  }

  private static func kernel(
    _ kernel: Kernel, segment index: Int, isByPoint: Bool, reach: AlignedBuffer<UInt32>,
    _ pass: Pass
  ) -> ck_sweep_kernel {
    let matrix = kernel.splatMatrix
    let segment = matrix.segments[index]
    func scale(_ values: AlignedBuffer<Float>?) -> UnsafePointer<Float>? {
      values.map { UnsafePointer($0.base + segment.points.lowerBound) }
    }
    return ck_sweep_kernel(
      vertices: matrix.vertices(of: segment), weights: matrix.weights(of: segment),
      is_by_point: isByPoint, corners: Int32(matrix.corners),
      label_factors: kernel.labelFactors.map { UnsafePointer($0.base) }, factor: kernel.factor,
      message_scale: scale(kernel.term.outputScale), marginal_scale: scale(kernel.term.inputScale),
      sliced: pass.slices ? UnsafePointer(kernel.sliced.base) : nil,
      splatted: pass.splats ? kernel.splatted.base : nil, row_count: kernel.filter.rowCount,
      first_row: segment.rows.lowerBound, reach: reach.base)
  }
}
