import CKernels
import Support

/// A filter of the form K = Sᵀ·B·S: every point spreads its value to a few rows with weights, the
/// rows are blurred among themselves, and the point gathers from the same rows with the same
/// weights.
///
/// Whoever filters often need not store the N × C values in between: it can gather, compute and
/// spread again point by point.
package protocol FactoredFilter: GaussianFilter {
  /// Rows that a point spreads to.
  var corners: Int { get }
  /// Runs of points whose rows do not overlap; cut by N alone.
  var segments: [FactoredSegment] { get }
  /// Row 0, the rows of all segments, and others that the blur needs and sets itself.
  var rowCount: Int { get }

  /// What a gathered sum is multiplied with.
  var gain: Float { get }

  /// Whether `apply` goes by the segments' weights, so that these can be changed.
  var appliesWeights: Bool { get }

  /// Floats of scratch memory that `blur` needs for rows of `stride` channels.
  func blurScratch(stride: Int) -> Int

  /// Applies B to what was spread, in place.
  ///
  /// - Parameters:
  ///   - rows: `rowCount` rows; row 0 stands for absent neighbours and must be 0.
  ///   - scratch: `blurScratch(stride:)` floats.
  func blur(_ rows: RowPanels, scratch: AlignedBuffer<Float>)
}

extension FactoredFilter {
  package var appliesWeights: Bool { true }

  package func blurScratch(stride: Int) -> Int { 0 }

  /// K·`values`, with B replaced by `blur`: spreads, blurs and gathers.
  func apply(
    to values: ChannelField, into output: inout ChannelField, parallelism: Parallelism,
    blur: (RowPanels) -> Void
  ) {
    let stride = values.stride
    let rows = RowPanels(rowCount: rowCount, stride: stride)
    rows.clear()
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_splat(
        values.base + segment.points.lowerBound * stride, segment.points.count, stride,
        segment.vertices.base, segment.weights.base, Int32(corners), rows.base, rowCount,
        segment.rows.lowerBound)
    }
    blur(rows)
    let target = output.mutableBase()
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_slice(
        rows.base, rowCount, segment.rows.lowerBound, segment.points.count, stride,
        segment.vertices.base, segment.weights.base, Int32(corners), gain,
        target + segment.points.lowerBound * stride)
    }
  }
}

extension FactoredFilter {
  /// K·1, the row sums, as `apply` to a single channel of ones would give them.
  ///
  /// - Complexity: O((N + M)·corners); four floats a row of scratch memory.
  package func rowSums(parallelism: Parallelism) -> [Float] {
    let rows = RowPanels(rowCount: rowCount, stride: 4)
    rows.clear()
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_splat_ones(
        segment.points.count, segment.vertices.base, segment.weights.base, Int32(corners),
        rows.base + 4 * segment.rows.lowerBound)
    }
    blur(rows, scratch: AlignedBuffer(uninitialized: blurScratch(stride: 4)))
    return [Float](unsafeUninitializedCapacity: points) { sums, count in
      nonisolated(unsafe) let sums = sums
      parallelism.forEach(segments.count) { index in
        let segment = segments[index]
        ck_lattice_slice_first(
          rows.base + 4 * segment.rows.lowerBound, segment.points.count, segment.vertices.base,
          segment.weights.base, Int32(corners), gain,
          sums.baseAddress! + segment.points.lowerBound)
      }
      count = points
    }
  }
}

extension FactoredFilter {
  /// Makes this diag(scales)·K·diag(scales), in place: nobody else may use the filter yet, and it
  /// must apply its weights.
  ///
  /// - Complexity: O(N·corners).
  package func scale(by scales: [Float], parallelism: Parallelism) {
    precondition(
      appliesWeights && scales.count == points, "\(scales.count) scales for \(points) points")
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      scales.withUnsafeBufferPointer { scales in
        ck_scale_groups(
          segment.weights.base, scales.baseAddress! + segment.points.lowerBound,
          segment.points.count, corners)
      }
    }
  }
}

/// A run of points and the rows that they spread to.
package struct FactoredSegment: Sendable {
  /// The points, of the whole field.
  package let points: Range<Int>
  /// The segment's rows.
  package let rows: Range<Int>
  /// Points × corners: rows, counted from `rows.lowerBound`, numbered about in the order in which
  /// the points first use them, since whoever spreads sets all lower rows to 0 as well.
  package let vertices: AlignedBuffer<UInt32>
  /// Points × corners.
  package let weights: AlignedBuffer<Float>
  /// The points in the order in which they are best visited.
  package let visits: [Range<Int>]

  /// - Parameter visits: `nil` for the points' own order.
  init(
    points: Range<Int>, rows: Range<Int>, vertices: AlignedBuffer<UInt32>,
    weights: AlignedBuffer<Float>, visits: [Range<Int>]? = nil
  ) {
    self.points = points
    self.rows = rows
    self.vertices = vertices
    self.weights = weights
    self.visits = visits ?? [points]
  }

  /// Visits long lines in strips, so that what one line uses is still in a cache when the next one
  /// uses it again.
  ///
  /// - Parameter lineLength: the points of a line; `nil` where there are none.
  static func visits(of points: Range<Int>, lineLength: Int?) -> [Range<Int>] {
    guard let lineLength, lineLength > 2 * strip else { return [points] }
    let lines = points.lowerBound / lineLength..<(points.upperBound - 1) / lineLength + 1
    let strips = (lineLength + strip - 1) / strip
    return (0..<strips).flatMap { index in
      lines.compactMap { line in
        let first = line * lineLength + index * lineLength / strips
        let end = line * lineLength + (index + 1) * lineLength / strips
        let range = (first..<end).clamped(to: points)
        return range.isEmpty ? nil : range
      }
    }
  }

  /// Points of a strip's lines, about.
  private static let strip = 512

  /// Where each point's vertices and weights are written: memory for all points, which segments
  /// share.
  ///
  /// One block, so that the sweep through it finds large pages.
  struct Corners {
    let corners: Int
    let vertices: AlignedBuffer<UInt32>
    let weights: AlignedBuffer<Float>

    init(points: Int, corners: Int) {
      self.corners = corners
      vertices = AlignedBuffer(uninitialized: points * corners)
      weights = AlignedBuffer(uninitialized: points * corners)
    }

    /// Those of a run of points.
    func part(
      _ points: Range<Int>
    ) -> (vertices: AlignedBuffer<UInt32>, weights: AlignedBuffer<Float>) {
      let range = points.lowerBound * corners..<points.upperBound * corners
      return (AlignedBuffer(part: range, of: vertices), AlignedBuffer(part: range, of: weights))
    }
  }

  /// The runs that every factored filter over `count` points is cut into.
  ///
  /// Eight at least where there are enough points, so that a few threads share them evenly; longer
  /// ones share more rows among their own points.
  static func ranges(of count: Int) -> [Range<Int>] {
    let length = max(2048, min(262_144, (count + 7) / 8))
    return stride(from: 0, to: count, by: length).map { $0..<min(count, $0 + length) }
  }
}
