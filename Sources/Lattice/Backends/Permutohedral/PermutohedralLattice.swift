import CKernels
import Support

/// The permutohedral lattice of one feature matrix, ready to filter.
///
/// K = α · S · B · Sᵀ: splat to the vertices of each point's simplex, blur along the d + 1 axes in
/// their order, slice with the same weights. B is not symmetric where vertices are missing, since the
/// axes then do not commute; the transposed filter runs them in reverse.
public struct PermutohedralLattice: GaussianFilter {
  /// N, the number of points.
  public let points: Int
  /// d, the number of features.
  public let dimensions: Int

  let segments: [LatticeSegment]
  let topology: LatticeTopology
  let parallelism: Parallelism

  /// M, the number of lattice vertices that points were splatted to.
  public var vertexCount: Int { topology.vertexCount }

  /// Vertices of a simplex.
  var corners: Int { dimensions + 1 }

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
    let grain = LatticeSegment.pointsPerSegment
    let count = (points + grain - 1) / grain
    var results = [Result<LatticeSegment, any Error>?](repeating: nil, count: count)
    results.withUnsafeMutableBufferPointer { results in
      nonisolated(unsafe) let results = results
      parallelism.forEach(count) { index in
        let range = index * grain..<min(features.points, (index + 1) * grain)
        results[index] = Result { try LatticeSegment(of: features, points: range) }
      }
    }
    var segments = try results.compactMap { try $0?.get() }
    topology = try LatticeTopology(
      joining: &segments, dimensions: dimensions, parallelism: parallelism)
    self.segments = segments
  }

  /// Sums `values` over the lattice.
  ///
  /// - Complexity: O((N + M)·d·C); 2·rows·C floats of scratch memory.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, axes: Array(0...dimensions))
  }

  /// Sums `values` with the transposed weights: the axes are blurred in reverse order.
  public func applyTransposed(to values: ChannelField, into output: inout ChannelField) {
    filter(values, into: &output, axes: (0...dimensions).reversed())
  }

  private func filter(_ values: ChannelField, into output: inout ChannelField, axes: [Int]) {
    checkShapes(values, output)
    let stride = values.stride
    var rows = AlignedBuffer<Float>(repeating: 0, count: topology.rowCount * stride)
    var other = AlignedBuffer<Float>(repeating: 0, count: topology.rowCount * stride)
    splat(values, into: rows)
    for axis in axes {
      blur(rows, along: axis, into: other, stride: stride)
      swap(&rows, &other)
    }
    spreadCopies(in: rows, stride: stride)
    slice(rows, into: &output)
  }

  private func splat(_ values: ChannelField, into rows: AlignedBuffer<Float>) {
    let stride = values.stride
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_splat(
        values.base + segment.points.lowerBound * stride, segment.points.count, stride,
        segment.vertices.base, segment.weights.base, Int32(corners),
        rows.base + segment.firstRow * stride)
    }
    for (copy, owner) in topology.copies {
      let source = rows.base + Int(copy) * stride
      let target = rows.base + Int(owner) * stride
      for channel in 0..<stride { target[channel] += source[channel] }
    }
  }

  private func blur(
    _ rows: AlignedBuffer<Float>, along axis: Int, into output: AlignedBuffer<Float>, stride: Int
  ) {
    let neighbours = topology.neighbours[axis]
    parallelism.forEachChunk(of: vertexCount, grain: 4096) { range in
      let first = range.lowerBound
      ck_lattice_blur(
        rows.base, output.base, stride, topology.rows.base + first, neighbours.base + first,
        neighbours.base + vertexCount + first, range.count)
    }
  }

  private func spreadCopies(in rows: AlignedBuffer<Float>, stride: Int) {
    for (copy, owner) in topology.copies {
      (rows.base + Int(copy) * stride).update(from: rows.base + Int(owner) * stride, count: stride)
    }
  }

  private func slice(_ rows: AlignedBuffer<Float>, into output: inout ChannelField) {
    let stride = output.stride
    let target = output.mutableBase()
    parallelism.forEach(segments.count) { index in
      let segment = segments[index]
      ck_lattice_slice(
        rows.base + segment.firstRow * stride, segment.points.count, stride,
        segment.vertices.base, segment.weights.base, Int32(corners), sliceScale,
        target + segment.points.lowerBound * stride)
    }
  }
}
