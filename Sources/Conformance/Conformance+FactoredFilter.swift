import Lattice
import LatticeSupport

extension Conformance {
  /// Whether `filter` keeps what `FactoredFilter` promises beyond what all filters do: that its
  /// parts are what `apply` puts together, and that it is a value.
  ///
  /// - Complexity: O(N·corners) besides the filter's own.
  public static func check(_ filter: any FactoredFilter) -> Report {
    var report = Report()
    checkShape(filter, &report)
    guard report.isKept else { return report }
    for channels in [1, 4, 5, 17, 33] {
      checkParts(filter, channels: channels, &report)
    }
    checkRowSums(filter, &report)
    checkAdjoint(filter, &report)
    checkScaled(filter, &report)
    return report
  }

  /// Segments are all points, and rows of their own.
  private static func checkShape(_ filter: any FactoredFilter, _ report: inout Report) {
    let matrix = filter.splatMatrix
    report.expect(
      matrix.points == filter.points && matrix.corners >= 1, "a splat matrix is of all points")
    report.expect(
      matrix.segments.map(\.points) == SplatMatrix.segmentRanges(of: filter.points),
      "segments are those that every filter of so many points has")
    var next = 1
    for segment in matrix.segments {
      report.expect(
        segment.rows.lowerBound >= next && segment.rows.upperBound <= filter.rowCount,
        "segments have rows of their own, from row 1 on", "\(segment.rows)")
      next = segment.rows.upperBound
      let areInside = matrix.withUnsafeEntries(of: segment) { vertices, weights in
        vertices.count == segment.points.count * matrix.corners && weights.count == vertices.count
          && vertices.allSatisfy { $0 < segment.rows.count }
      }
      report.expect(areInside, "points splat to rows of their segment")
    }
  }

  /// Splat, blur and slice give what `apply` does, bit for bit; the blur keeps to its scratch
  /// memory and leaves row 0 alone.
  private static func checkParts(
    _ filter: any FactoredFilter, channels: Int, _ report: inout Report
  ) {
    let values = random(filter.points, channels, 1)
    let rows = RowPanels(rowCount: filter.rowCount, stride: values.stride)
    filter.splatMatrix.splat(values, into: rows, parallelism: .automatic)
    blurWithGuards(filter, rows, &report)
    var isZero = true
    rows.forEach { panel in
      for column in 0..<panel.width { isZero = isZero && panel.base[column] == 0 }
    }
    report.expect(isZero, "the blur leaves row 0 alone")
    var found = ChannelField(points: filter.points, channels: channels)
    filter.splatMatrix.slice(rows, gain: filter.gain, into: &found, parallelism: .automatic)
    let isSame = found.rows() == filter.apply(to: values).rows()
    checkTransposed(filter, values, &report)
    report.expect(
      isSame, "splat, blur and slice give what apply does",
      "they differ for \(channels) channels")
  }

  /// Splat, transposed blur and slice give what applyTransposed does, bit for bit.
  private static func checkTransposed(
    _ filter: any FactoredFilter, _ values: ChannelField, _ report: inout Report
  ) {
    let rows = RowPanels(rowCount: filter.rowCount, stride: values.stride)
    filter.splatMatrix.splat(values, into: rows, parallelism: .automatic)
    let scratch = AlignedBuffer<Float>(uninitialized: filter.blurScratch(stride: rows.stride))
    filter.blurTransposed(rows, scratch: scratch.bufferPointer)
    var found = ChannelField(points: filter.points, channels: values.channels)
    var expected = found
    filter.splatMatrix.slice(rows, gain: filter.gain, into: &found, parallelism: .automatic)
    filter.applyTransposed(to: values, into: &expected)
    report.expect(
      found.rows() == expected.rows(),
      "splat, transposed blur and slice give what applyTransposed does")
  }

  /// A number that no sum of values in 0...1 is.
  private static let guardWord: Float = -77_777
  private static let guardWords = 1024

  private static func blurWithGuards(
    _ filter: any FactoredFilter, _ rows: RowPanels, _ report: inout Report
  ) {
    let count = filter.blurScratch(stride: rows.stride)
    let memory = AlignedBuffer<Float>(repeating: guardWord, count: count + guardWords)
    filter.blur(rows, scratch: UnsafeMutableBufferPointer(start: memory.base, count: count))
    let isUntouched = (count..<count + guardWords).allSatisfy { memory.base[$0] == guardWord }
    report.expect(
      isUntouched, "the blur keeps to its scratch memory",
      "more than \(count) floats were written for a stride of \(rows.stride)")
  }

  /// The same sums of positive numbers in the same order; each product and addition may be rounded
  /// once or twice, by the kernel that does them.
  private static func checkRowSums(_ filter: any FactoredFilter, _ report: inout Report) {
    let ones = ChannelField(
      points: filter.points, channels: 1, rows: [Float](repeating: 1, count: filter.points))
    let sums = filter.rowSums(parallelism: .automatic)
    let areClose = filter.apply(to: ones).rows().enumerated().allSatisfy {
      abs($1 - sums[$0]) <= 2e-6 * abs($1)
    }
    report.expect(areClose, "row sums are what apply gives for ones")
  }

  /// A scaled filter is diag(s)·K·diag(s), and the filter that it was copied from is still K.
  private static func checkScaled(_ filter: any FactoredFilter, _ report: inout Report) {
    let values = random(filter.points, 3, 4)
    let scales = random(filter.points, 1, 5).rows().map { $0 + 0.5 }
    let before = filter.apply(to: values).rows()
    let ownBefore = filter.selfWeights()
    var scaled = filter
    let isScaled = scales.withUnsafeBufferPointer {
      scaled.scale(by: $0, parallelism: .automatic)
    }
    let isUnchanged = filter.apply(to: values).rows() == before
    report.expect(isUnchanged, "scaling a copy leaves the filter alone")
    guard isScaled else {
      let isStillSame = scaled.apply(to: values).rows() == before
      report.expect(isStillSame, "a filter that cannot be scaled stays as it was")
      return
    }
    let rows = values.rows()
    let inputs = ChannelField(
      points: filter.points, channels: 3,
      rows: rows.indices.map { scales[$0 / 3] * rows[$0] })
    let expected = filter.apply(to: inputs).rows()
    let found = scaled.apply(to: values).rows()
    // One rounding more of every weight, on either side, of sums of positive numbers: 4 · 2⁻²⁴, and
    // as much again for sums that are rounded elsewhere.
    let areClose = found.indices.allSatisfy {
      let truth = scales[$0 / 3] * expected[$0]
      return abs(found[$0] - truth) <= 4e-6 * abs(truth)
    }
    report.expect(areClose, "a scaled filter is diag(s)·K·diag(s)")
    let own = scaled.selfWeights()
    let areOwnClose = own.indices.allSatisfy {
      let truth = scales[$0] * scales[$0] * ownBefore[$0]
      return abs(own[$0] - truth) <= 4e-6 * abs(truth)
    }
    report.expect(areOwnClose, "self weights are scaled too")
  }
}
