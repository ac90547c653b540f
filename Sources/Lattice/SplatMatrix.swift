import CKernels
import LatticeSupport

/// S of a factored filter: the rows that every point splats to, and its weights for them.
///
/// A sparse matrix with `corners` entries per point. It is a value: copies share their memory until
/// one of them is scaled.
public struct SplatMatrix: Sendable {
  /// N, the number of points.
  public let points: Int
  /// Entries per point; the corners of its simplex on a lattice.
  public let corners: Int
  /// Runs of points whose rows do not overlap, in the order of the points.
  public let segments: [Segment]

  private var entries: Entries

  /// A run of consecutive points, and the rows that they alone splat to.
  public struct Segment: Sendable, Hashable {
    /// The points, of all N.
    public let points: Range<Int>
    /// The segment's rows; row 0 belongs to no segment.
    public let rows: Range<Int>
    /// The points in the order in which they are visited, and in which their entries lie in memory.
    public let visits: [Range<Int>]

    /// - Parameter visits: together exactly `points`; `nil` for the points' own order.
    /// - Parameter points: the points.
    /// - Parameter rows: the rows that they splat to.
    public init(points: Range<Int>, rows: Range<Int>, visits: [Range<Int>]? = nil) {
      let visits = visits ?? [points]
      precondition(rows.lowerBound >= 1, "row 0 is not a segment's, but \(rows) begins there")
      precondition(
        Self.cover(visits, points), "the visits \(visits) are not the points \(points), each once")
      self.points = points
      self.rows = rows
      self.visits = visits
    }

    private static func cover(_ visits: [Range<Int>], _ points: Range<Int>) -> Bool {
      var next = points.lowerBound
      for visit in visits.sorted(by: { $0.lowerBound < $1.lowerBound }) where !visit.isEmpty {
        guard visit.lowerBound == next else { return false }
        next = visit.upperBound
      }
      return next == points.upperBound
    }
  }

  /// A matrix from its entries.
  ///
  /// Filters whose segments are the same runs of points are swept together in mean field inference:
  /// cut them as `segmentRanges(of:)` does.
  ///
  /// - Parameters:
  ///   - corners: entries per point, at least 1.
  ///   - segments: all points in their order.
  ///   - vertices: N × `corners` rows, counted from the first of the segment's; segment by segment,
  ///     the points of a segment in the order of its visits. Sweeps are fastest where rows are
  ///     numbered as they are first used.
  ///   - weights: N × `corners` weights in the same order.
  /// - Complexity: O(N·corners).
  public init(corners: Int, segments: [Segment], vertices: [UInt32], weights: [Float]) {
    let points = segments.last?.points.upperBound ?? 0
    precondition(
      corners >= 1 && vertices.count == points * corners && weights.count == vertices.count,
      "\(points) points × \(corners) corners, but \(vertices.count) vertices and "
        + "\(weights.count) weights")
    for segment in segments {
      for index in segment.points.lowerBound * corners..<segment.points.upperBound * corners {
        precondition(
          vertices[index] < segment.rows.count,
          "vertex \(vertices[index]) in a segment of \(segment.rows.count) rows")
      }
    }
    self.init(
      Entries(
        corners: corners, vertices: AlignedBuffer(copying: vertices),
        weights: AlignedBuffer(copying: weights)),
      segments: segments)
  }

  /// A matrix whose entries are known to fit.
  init(_ entries: Entries, segments: [Segment]) {
    var next = 0
    for segment in segments {
      precondition(
        segment.points.lowerBound == next, "a segment of \(segment.points) after point \(next)")
      next = segment.points.upperBound
    }
    points = next
    corners = entries.corners
    self.segments = segments
    self.entries = entries
  }

  /// The entries, in memory that segments share: one block, so that a sweep finds large pages.
  struct Entries: Sendable {
    let corners: Int
    let vertices: AlignedBuffer<UInt32>
    var weights: AlignedBuffer<Float>

    init(points: Int, corners: Int) {
      self.init(
        corners: corners, vertices: AlignedBuffer(uninitialized: points * corners),
        weights: AlignedBuffer(uninitialized: points * corners))
    }

    init(corners: Int, vertices: AlignedBuffer<UInt32>, weights: AlignedBuffer<Float>) {
      self.corners = corners
      self.vertices = vertices
      self.weights = weights
    }

    /// Those of a run of points.
    func part(
      _ points: Range<Int>
    ) -> (vertices: AlignedBuffer<UInt32>, weights: AlignedBuffer<Float>) {
      let range = points.lowerBound * corners..<points.upperBound * corners
      return (AlignedBuffer(part: range, of: vertices), AlignedBuffer(part: range, of: weights))
    }

    /// Calls `body` for each visit of a segment, with where its entries begin.
    func forEachVisit(
      of segment: Segment,
      _ body: (
        _ points: Range<Int>, _ vertices: UnsafeMutablePointer<UInt32>,
        _ weights: UnsafeMutablePointer<Float>
      ) -> Void
    ) {
      var first = segment.points.lowerBound * corners
      for visit in segment.visits {
        body(visit, vertices.base + first, weights.base + first)
        first += visit.count * corners
      }
    }
  }
}

extension SplatMatrix {
  /// Calls `body` with the vertices and weights of a segment, points in the order of its visits ×
  /// `corners`; vertices are rows counted from the segment's first.
  public func withUnsafeEntries<Result, Failure: Error>(
    of segment: Segment,
    _ body: (
      _ vertices: UnsafeBufferPointer<UInt32>, _ weights: UnsafeBufferPointer<Float>
    ) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let count = segment.points.count * corners
    return try body(
      UnsafeBufferPointer(start: vertices(of: segment), count: count),
      UnsafeBufferPointer(start: weights(of: segment), count: count))
  }

  /// Where the vertices of a segment begin; valid while the matrix is.
  package func vertices(of segment: Segment) -> UnsafePointer<UInt32> {
    UnsafePointer(entries.vertices.base + segment.points.lowerBound * corners)
  }

  /// Where the weights of a segment begin; valid while the matrix is.
  package func weights(of segment: Segment) -> UnsafePointer<Float> {
    UnsafePointer(entries.weights.base + segment.points.lowerBound * corners)
  }

  /// Multiplies the weights of every point by its scale: S·diag(scales).
  ///
  /// In place where no copy of the matrix shares its weights, in memory of its own otherwise.
  ///
  /// - Parameter scales: N factors.
  /// - Parameter parallelism: the threads to use; results do not depend on it.
  /// - Complexity: O(N·corners).
  public mutating func scale(by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism) {
    precondition(scales.count == points, "\(scales.count) scales for \(points) points")
    guard let scales = scales.baseAddress else { return }
    if !isKnownUniquelyReferenced(&entries.weights) {
      entries.weights = AlignedBuffer(copying: entries.weights)
    }
    let (entries, segments) = (entries, segments)
    parallelism.forEach(segments.count) { index in
      entries.forEachVisit(of: segments[index]) { points, _, weights in
        ck_scale_groups(weights, scales + points.lowerBound, points.count, corners)
      }
    }
  }

  /// Splats `values`: every row becomes the sum of what its points send it, all others 0.
  ///
  /// - Parameters:
  ///   - values: N × C.
  ///   - rows: of the same stride, overwritten.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Complexity: O((N·corners + rows)·C).
  public func splat(_ values: ChannelField, into rows: RowPanels, parallelism: Parallelism) {
    checkShapes(values, rows)
    let stride = values.stride
    rows.clear()
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      entries.forEachVisit(of: segment) { points, vertices, weights in
        ck_lattice_splat(
          values.base + points.lowerBound * stride, points.count, stride, vertices, weights,
          Int32(corners), rows.base, rows.rowCount, segment.rows.lowerBound)
      }
    }
  }

  /// Slices `rows`: every point becomes `gain` · Σ weight · row over its corners.
  ///
  /// - Parameters:
  ///   - rows: of the same stride as `output`.
  ///   - output: N × C, overwritten.
  ///   - gain: what sums are multiplied with.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Complexity: O(N·corners·C).
  public func slice(
    _ rows: RowPanels, gain: Float, into output: inout ChannelField, parallelism: Parallelism
  ) {
    checkShapes(output, rows)
    let (target, stride) = (output.mutableBase(), output.stride)
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      entries.forEachVisit(of: segment) { points, vertices, weights in
        ck_lattice_slice(
          rows.base, rows.rowCount, segment.rows.lowerBound, points.count, stride, vertices,
          weights, Int32(corners), gain, target + points.lowerBound * stride)
      }
    }
  }

  /// Splats ones into the first channel of four.
  func splatOnes(into rows: RowPanels, parallelism: Parallelism) {
    rows.clear()
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      ck_lattice_splat_ones(
        segment.points.count, vertices(of: segment), weights(of: segment), Int32(corners),
        rows.base + 4 * segment.rows.lowerBound)
    }
  }

  /// Slices the first channel of four.
  func sliceFirst(_ rows: RowPanels, gain: Float, parallelism: Parallelism) -> AlignedBuffer<Float>
  {
    let sums = AlignedBuffer<Float>(uninitialized: points)
    parallelism.forEachUnlessCancelled(segments.count) { index in
      let segment = segments[index]
      entries.forEachVisit(of: segment) { points, vertices, weights in
        ck_lattice_slice_first(
          rows.base + 4 * segment.rows.lowerBound, points.count, vertices, weights, Int32(corners),
          gain, sums.base + points.lowerBound)
      }
    }
    return sums
  }

  private func checkShapes(_ field: ChannelField, _ rows: RowPanels) {
    let end = segments.lazy.map(\.rows.upperBound).max() ?? 0
    precondition(
      field.points == points && rows.stride == field.stride && rows.rowCount >= end,
      "\(rows.rowCount) rows of stride \(rows.stride) and a field of \(field.points) points of "
        + "stride \(field.stride) for \(points) points with rows up to \(end)")
  }
}

extension SplatMatrix {
  /// The runs that every factored filter of this package over `count` points is cut into.
  ///
  /// Eight at least where there are enough points, so that a few threads share them evenly; longer
  /// ones share more rows among their own points.
  public static func segmentRanges(of count: Int) -> [Range<Int>] {
    let length = max(2048, min(262_144, (count + 7) / 8))
    return stride(from: 0, to: count, by: length).map { $0..<min(count, $0 + length) }
  }

  /// An order of the points of a segment that visits lines in strips, so that the rows that one
  /// line uses are still in a cache when the next line uses them again.
  ///
  /// - Parameter lineLength: the points of a line; `nil` where there are none.
  /// - Parameter points: the points.
  public static func visits(of points: Range<Int>, lineLength: Int?) -> [Range<Int>] {
    guard let lineLength, !points.isEmpty else { return [points] }
    let strips = (lineLength + strip / 2) / strip
    let lines = points.lowerBound / lineLength..<(points.upperBound - 1) / lineLength + 1
    guard strips > 1, lines.count > 1 else { return [points] }
    return (0..<strips).flatMap { index in
      let columns = index * strip..<(index == strips - 1 ? lineLength : (index + 1) * strip)
      return lines.compactMap { line in
        let first = line * lineLength
        let visit = (first + columns.lowerBound..<first + columns.upperBound).clamped(to: points)
        return visit.isEmpty ? nil : visit
      }
    }
  }

  /// Points of a strip's lines, but for the last, which are half as many to half as many again.
  private static let strip = 128
}
