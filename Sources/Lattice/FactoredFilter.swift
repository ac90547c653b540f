import Support

/// A filter of the form K = Sᵀ·B·S: every point spreads its value to a few rows with weights, the
/// rows are blurred among themselves, and the point gathers from the same rows with the same weights.
///
/// Whoever filters often need not store the N × C values in between: it can gather, compute and
/// spread again point by point.
package protocol FactoredFilter: GaussianFilter {
  /// Rows that a point spreads to.
  var corners: Int { get }
  /// Runs of points whose rows do not overlap; cut by N alone.
  var segments: [FactoredSegment] { get }
  /// Rows of all segments, and others that the blur needs.
  var rowCount: Int { get }

  /// Applies B to what was spread; the result, times `factors`, stands in `rows.blurred`.
  ///
  /// - Parameter factors: one a channel, padding included.
  func blur(_ rows: inout FilterRows, factors: [Float])
}

/// A run of points and the rows that they spread to.
package struct FactoredSegment: Sendable {
  /// The points, of the whole field.
  package let points: Range<Int>
  /// The segment's rows.
  package let rows: Range<Int>
  /// Points × corners: rows, counted from `rows.lowerBound`.
  package let vertices: AlignedBuffer<UInt32>
  /// Points × corners.
  package let weights: AlignedBuffer<Float>

  /// The runs that every factored filter over `count` points is cut into.
  ///
  /// Eight at least where there are enough points, so that a few threads share them evenly; longer
  /// ones share more rows among their own points, but at some length stop fitting into a cache.
  static func ranges(of count: Int) -> [Range<Int>] {
    let length = max(2048, min(32_768, (count + 7) / 8))
    return stride(from: 0, to: count, by: length).map { $0..<min(count, $0 + length) }
  }
}

/// What a factored filter's rows hold during a filtering.
package struct FilterRows: Sendable {
  /// Floats a row.
  package let stride: Int
  /// Sums of what was spread. Row 0 stands for absent neighbours and must stay 0.
  package var splatted: AlignedBuffer<Float>
  /// What is gathered from.
  package var blurred: AlignedBuffer<Float>

  /// Rows of zeros.
  package init(_ filter: some FactoredFilter, stride: Int) {
    self.stride = stride
    splatted = AlignedBuffer(zeros: filter.rowCount * stride)
    blurred = AlignedBuffer(zeros: filter.rowCount * stride)
  }
}
