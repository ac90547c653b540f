import CKernels
import LatticeSupport

/// A bilateral grid over some features, ready to filter; see `GridBackend`.
///
/// K = g·Sᵀ·B·S with multilinear S. Where all corners of the box around the points are held, B is
/// a product of symmetric blurs that commute; else the transposed filter takes the axes in reverse.
struct GridFilter: FactoredFilter {
  let points: Int
  private(set) var splatMatrix: SplatMatrix
  /// What corners keep of themselves along all axes.
  let gain: Float
  private let corners: GridCorners
  private let axes: [GridAxis]
  private let parallelism: Parallelism

  var rowCount: Int { corners.rowCount }

  /// - Throws: `LatticeError` where a key overflows or corners are too many; `CallCancelled`.
  init(_ features: FeatureMatrix, cell: Double, parallelism: Parallelism) throws {
    let axes = (0..<features.dimensions).map { GridAxis(feature: $0, cell: cell) }
    let ranges = SplatMatrix.segmentRanges(of: features.points)
    let entries = SplatMatrix.Entries(points: features.points, corners: 1 << axes.count)
    let flag = Cancellation.flag
    let parts = try parallelism.map(ranges.count) { index in
      if flag?.isSet == true { throw CallCancelled() }
      return try Self.embed(features, points: ranges[index], axes: axes, into: entries)
    }
    let corners = try GridCorners(
      joining: parts.map(\.table), axes: axes, parallelism: parallelism)
    splatMatrix = SplatMatrix(
      entries,
      segments: ranges.indices.map { index in
        SplatMatrix.Segment(
          points: ranges[index], rows: corners.segmentRows[index], visits: parts[index].visits)
      })
    self.corners = corners
    gain = Float(axes.reduce(1) { $0 * $1.height })
    points = features.points
    self.axes = axes
    self.parallelism = parallelism
  }

  /// Finds the cells of a run of points; numbers are those of the run's own table.
  private static func embed(
    _ features: FeatureMatrix, points: Range<Int>, axes: [GridAxis],
    into entries: SplatMatrix.Entries
  ) throws -> (table: VertexTable, visits: [Range<Int>]) {
    let d = axes.count
    let (vertices, weights) = entries.part(points)
    let table = try VertexTable(dimensions: d, expected: points.count / 4)
    let visits = SplatMatrix.visits(of: points, lineLength: features.lineLength)
    let scales = axes.map(\.scale)
    var corner = 0
    for visit in visits {
      var failed = 0
      let status = ck_grid_embed(
        features.storage.base + visit.lowerBound * d, visit.count, Int32(d), scales, &table.table,
        vertices.base + corner, weights.base + corner, &failed)
      switch status {
      case CK_EMBED_OK: corner += visit.count << d
      case CK_EMBED_KEY_OVERFLOW:
        throw overflow(features, point: visit.lowerBound + failed, scales: scales)
      default: throw LatticeError.outOfMemory
      }
    }
    return (table, visits)
  }

  private static func overflow(
    _ features: FeatureMatrix, point: Int, scales: [Float]
  ) -> LatticeError {
    let limits = scales.map { Float(CK_GRID_LIMIT) / $0 }
    let axis = limits.indices.first { abs(features[point, $0]) > limits[$0] } ?? 0
    return .keyOverflow(
      point: point, distance: abs(features[point, axis]), limit: limits[axis])
  }

  /// - Complexity: O(N·2ᵈ·C), and O(d·radius·C) for each corner.
  func apply(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism)
  }

  /// Not where corners are missing: the axes do not commute there.
  var isSymmetric: Bool { false }

  func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism) { rows, scratch in
      blurTransposed(rows, scratch: scratch)
    }
  }

  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { corners.blur($0, transposed: false, parallelism: parallelism) }
  }

  func blurTransposed(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    rows.forEach { corners.blur($0, transposed: true, parallelism: parallelism) }
  }

  /// Scales the weights of its splat matrix; see `GaussianFilter`.
  mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    return true
  }

  /// Kᵢᵢ: from one corner of a cell to another there is one path, and all corners on it exist.
  ///
  /// - Complexity: O(N·d·2ᵈ).
  func selfWeights() -> [Float] {
    let matrix = splatMatrix
    let taps = axes.flatMap { [$0.taps.base[0], $0.taps.base[1]] }
    return [Float](unsafeUninitializedCapacity: points) { output, count in
      nonisolated(unsafe) let output = output
      parallelism.forEach(matrix.segments.count) { index in
        let segment = matrix.segments[index]
        var weights = matrix.weights(of: segment)
        for visit in segment.visits {
          guard let target = output.baseAddress else { return }
          ck_grid_self_weights(
            weights, visit.count, Int32(axes.count), taps, gain, target + visit.lowerBound)
          weights += visit.count * matrix.corners
        }
      }
      count = points
    }
  }
}
