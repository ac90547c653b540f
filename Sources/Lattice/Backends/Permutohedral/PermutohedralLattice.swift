import CKernels
import Support

/// The permutohedral lattice of one feature matrix, ready to filter.
///
/// K = α · S · B · Sᵀ: splat to the vertices of each point's simplex, blur along the d + 1 axes in
/// their order, slice with the same weights. B is not symmetric where vertices are missing, since the
/// axes then do not commute; the transposed filter runs them in reverse.
public struct PermutohedralLattice: FactoredFilter {
  /// N, the number of points.
  public let points: Int
  /// d, the number of features.
  public let dimensions: Int

  package let segments: [FactoredSegment]
  let tables: [VertexTable]
  let topology: LatticeTopology
  let parallelism: Parallelism

  /// M, the number of lattice vertices that points were splatted to.
  public var vertexCount: Int { topology.vertexCount }

  /// Vertices of a simplex.
  package var corners: Int { dimensions + 1 }

  /// Rows of all vertices, and one for those that are absent.
  package var rowCount: Int { topology.rowCount }

  /// α = 1/(1 + 2⁻ᵈ): brings the response of a full lattice back to that of a Gaussian of height 1.
  var sliceScale: Float { 1 / (1 + Float(sign: .plus, exponent: -dimensions, significand: 1)) }

  /// Builds the lattice of `features`.
  ///
  /// - Throws: `LatticeError` where a key overflows, vertices are too many, or d is above 255.
  /// - Complexity: O(N·d²).
  public init(_ features: FeatureMatrix, parallelism: Parallelism = .automatic) throws {
    points = features.points
    dimensions = features.dimensions
    self.parallelism = parallelism
    guard dimensions <= 255 else {
      throw LatticeError.unsupported(
        reason: "a permutohedral lattice holds up to 255 features, not \(dimensions); reduce them "
          + "first, by principal components for one")
    }
    let ranges = FactoredSegment.ranges(of: points)
    var results = [Result<LatticeSegment, any Error>?](repeating: nil, count: ranges.count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      parallelism.forEach(ranges.count) { index in
        results[index] = Result { try LatticeSegment(of: features, points: ranges[index]) }
      }
    }
    let parts = try results.compactMap { try $0?.get() }
    tables = parts.map(\.table)
    topology = try LatticeTopology(
      joining: tables, dimensions: dimensions, parallelism: parallelism)
    segments = zip(parts, topology.segmentRows).map { part, rows in
      FactoredSegment(
        points: part.points, rows: rows, vertices: part.vertices, weights: part.weights)
    }
  }

  /// Sums `values` over the lattice.
  ///
  /// - Complexity: O((N + M)·d·C); 2·rows·C floats of scratch memory.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, transposed: false)
  }

  /// Sums `values` with the transposed weights: the axes are blurred in reverse order.
  public func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, transposed: true)
  }

  private func filter(
    _ values: ChannelField, into output: inout ChannelField, transposed: Bool
  ) {
    checkShapes(values, output)
    let stride = values.stride
    var rows = FilterRows(self, stride: stride)
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_splat(
        values.base + segment.points.lowerBound * stride, segment.points.count, stride,
        segment.vertices.base, segment.weights.base, Int32(corners),
        rows.splatted.base + segment.rows.lowerBound * stride)
    }
    blur(&rows, factors: [Float](repeating: 1, count: stride), transposed: transposed)
    let target = output.mutableBase()
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_slice(
        rows.blurred.base + segment.rows.lowerBound * stride, segment.points.count, stride,
        segment.vertices.base, segment.weights.base, Int32(corners),
        target + segment.points.lowerBound * stride)
    }
  }

  /// Blurs what was splatted; the result, times α and `factors`, stands in `rows.blurred`.
  ///
  /// - Parameter factors: one a channel, padding included.
  package func blur(_ rows: inout FilterRows, factors: [Float]) {
    blur(&rows, factors: factors, transposed: false)
  }

  private func blur(_ rows: inout FilterRows, factors: [Float], transposed: Bool) {
    let stride = rows.stride
    topology.copies.merge(rows.splatted.base, stride: stride, parallelism: parallelism)
    let scaled = factors.map { $0 * sliceScale }
    for step in 0...dimensions {
      let axis = transposed ? dimensions - step : step
      blur(
        rows.splatted, along: axis, into: rows.blurred, stride: stride,
        factors: step == dimensions ? scaled : nil)
      if step < dimensions { swap(&rows.splatted, &rows.blurred) }
    }
    topology.copies.spread(rows.blurred.base, stride: stride, parallelism: parallelism)
  }

  private func blur(
    _ rows: AlignedBuffer<Float>, along axis: Int, into output: AlignedBuffer<Float>, stride: Int,
    factors: [Float]?
  ) {
    let neighbours = topology.neighbours[axis]
    parallelism.forEachChunk(of: vertexCount, grain: 4096) { range in
      let first = range.lowerBound
      ck_lattice_blur(
        rows.base, output.base, stride, topology.rows.base + first, neighbours.base + first,
        neighbours.base + vertexCount + first, range.count, factors)
    }
  }
}
