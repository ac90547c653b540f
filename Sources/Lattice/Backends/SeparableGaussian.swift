import CKernels
import LatticeSupport

/// The exact Gaussian of positions on a grid: one pass per axis, O(N·Σσ·C).
///
/// exp(−½Σ(Δₐ/σₐ)²) is the product of one factor per axis. Taps end where those beyond sum to less
/// than a float resolves, so the sum is that over all pairs to rounding error. As a factored filter
/// its rows are the points themselves.
public struct SeparableGaussian: FactoredFilter {
  /// N, the number of grid points.
  public let points: Int

  /// Every point is one row, with weight 1.
  public let splatMatrix: SplatMatrix
  private let extents: [Int]
  private let taps: [Taps]
  private let parallelism: Parallelism

  /// One axis: the factors from −`radius` to `radius`, between the zeros that the kernel asks for.
  private struct Taps: Sendable {
    let radius: Int
    let values: AlignedBuffer<Float>

    init(extent: Int, bandwidth: Float) {
      let radius = Int(
        min(Float(extent - 1), (SeparableGaussian.cutoff * bandwidth).rounded(.up)))
      let border = CK_LINE_BLOCK - 1
      values = AlignedBuffer(zeros: 2 * (radius + border) + 1)
      for offset in -radius...radius {
        let steps = Double(offset) / Double(bandwidth)
        values[border + radius + offset] = Float(exponential(-0.5 * steps * steps))
      }
      self.radius = radius
    }
  }

  /// 1.2e-7 of a Gaussian lies beyond 5.3 standard deviations.
  private static let cutoff: Float = 5.3
  /// The row of the first point: four rows are whole cache lines, whatever their length.
  private static let firstRow = 4
  /// Floats of a line's entries that are filtered together: a cache line.
  private static let width = 16

  /// The Gaussian of `grid`.
  public init(_ grid: FeatureMatrix.GridPositions, parallelism: Parallelism = .automatic) {
    extents = grid.extents
    points = grid.extents.reduce(1, *)
    self.parallelism = parallelism
    taps = zip(grid.extents, grid.bandwidths).map { Taps(extent: $0, bandwidth: $1) }
    let vertices = AlignedBuffer<UInt32>(uninitialized: points)
    let segments = SplatMatrix.segmentRanges(of: points).map { range in
      for point in range { vertices.base[point] = UInt32(point - range.lowerBound) }
      return SplatMatrix.Segment(
        points: range, rows: range.lowerBound + Self.firstRow..<range.upperBound + Self.firstRow)
    }
    splatMatrix = SplatMatrix(
      SplatMatrix.Entries(
        corners: 1, vertices: vertices, weights: AlignedBuffer(repeating: 1, count: points)),
      segments: segments)
  }

  /// Four rows more than there are points, so that each begins on a cache line.
  public var rowCount: Int { Self.firstRow + points }

  /// The taps are those of the Gaussian itself.
  public var gain: Float { 1 }

  /// - Complexity: O(N·C·Σ min(extent, 11σ)); a line of scratch memory per thread.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    checkShapes(values, output)
    let target = output.mutableBase()
    target.update(from: values.base, count: points * values.stride)
    convolve(target, stride: values.stride)
  }

  /// Filters along the axes, in place.
  public func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { convolve($0.base + Self.firstRow * $0.width, stride: $0.width) }
  }

  private func convolve(_ field: UnsafeMutablePointer<Float>, stride: Int) {
    for axis in extents.indices {
      let step = extents[(axis + 1)...].reduce(stride, *)
      let chunks = (step + Self.width - 1) / Self.width
      // Neighbouring chunks share cache lines: a thread takes several.
      let grain = max(1, 32_768 / (extents[axis] * Self.width))
      let lines = points * stride / (step * extents[axis])
      parallelism.forEachChunk(of: lines * chunks, grain: grain) {
        convolve(field, axis: axis, step: step, chunks: $0)
      }
    }
  }

  /// Filters chunks of lines along `axis`; entries of a line lie `step` floats apart.
  private func convolve(
    _ field: UnsafeMutablePointer<Float>, axis: Int, step: Int, chunks range: Range<Int>
  ) {
    let (extent, taps) = (extents[axis], taps[axis])
    let scratch = AlignedBuffer<Float>(uninitialized: ck_line_scratch(extent, taps.radius))
    let chunks = (step + Self.width - 1) / Self.width
    for chunk in range {
      let (outer, index) = chunk.quotientAndRemainder(dividingBy: chunks)
      var offset = index * Self.width
      let end = min(step, offset + Self.width)
      while offset < end {
        let width = [16, 8, 4].first { $0 <= end - offset } ?? 4
        ck_convolve_line(
          field + outer * extent * step + offset, extent, step, width, taps.values.base,
          taps.radius, scratch.base)
        offset += width
      }
    }
  }
}
