import CKernels
import LatticeSupport

/// The Gaussian by way of a permutohedral lattice's vertices, without its blur.
///
/// K = g·W·G·Wᵀ. Every point is projected onto the Gaussians around the vertices of its simplex
/// (`SimplexProjection`), and G is the Gaussian between vertices itself (`VertexGaussian`). The
/// blur of Adams, Baek & Davis (2010) along one axis after the other loses what would pass through
/// vertices that do not exist, about half of the mass for 5-D features; here nothing passes through
/// them. K is symmetric and, but for the cut of G at a few bandwidths, positive semidefinite.
struct AccurateLattice: FactoredFilter {
  let points: Int
  private(set) var splatMatrix: SplatMatrix
  let gain: Float

  private let rows: VertexRows
  private let gaussian: VertexGaussian
  /// G between the corners of a simplex, (d + 1)².
  private let responses: [Float]
  private let parallelism: Parallelism

  /// The rows of segments, and one per vertex that the blur gathers them in.
  var rowCount: Int { rows.rowCount }

  /// Builds the lattice of `features`.
  ///
  /// - Throws: `LatticeError` where a key overflows, vertices are too many, or d is above 255.
  /// - Complexity: O(N·d²) and the pairs of vertices within reach.
  init(_ features: FeatureMatrix, parallelism: Parallelism) throws {
    try LatticeSegment.checkDimensions(features.dimensions)
    let scale = try LatticeScale(for: features)
    let (parts, entries) = try Self.embed(features, scale, parallelism: parallelism)
    let selection = try VertexSelection(
      of: parts, dimensions: features.dimensions, parallelism: parallelism)
    try Cancellation.check()
    points = features.points
    self.parallelism = parallelism

    let projection = SimplexProjection(scale)
    responses = projection?.responses ?? SimplexProjection.responses(scale).map(Float.init)
    // Barycentric weights sum to 1 and keep the mass of G, which is τᵈ times that of a unit
    // Gaussian.
    gain = projection == nil ? Float(scale.height) : 1

    let places = AlignedBuffer<UInt32>(repeating: .max, count: selection.table.count)
    gaussian = Self.gaussian(selection, scale: scale, places: places, parallelism: parallelism)
    try Cancellation.check()
    var rowPlaces = [[UInt32]](repeating: [], count: parts.count)
    rowPlaces.withUnsafeMutableBufferPointer { rowPlaces in
      nonisolated(unsafe) let rowPlaces = rowPlaces
      parallelism.forEach(parts.count) { index in
        let (part, kept) = (parts[index], selection.kept[index])
        if let projection {
          projection.project(part.weights, vertices: part.vertices, kept: kept)
        } else {
          ck_restrict_weights(
            part.vertices.base, kept.base, part.points.count, entries.corners, part.weights.base)
        }
        rowPlaces[index] = Self.renumber(
          part, kept: kept, places: places, vertices: selection.vertices[index])
      }
    }
    rows = try VertexRows(
      places: rowPlaces, count: gaussian.count, dimensions: scale.dimensions)
    splatMatrix = SplatMatrix(
      entries,
      segments: zip(parts, rows.segments).map { part, rows in
        SplatMatrix.Segment(points: part.points, rows: rows)
      })
  }

  /// All segments; what is said of features that do not fit is in their own units.
  private static func embed(
    _ features: FeatureMatrix, _ scale: LatticeScale, parallelism: Parallelism
  ) throws -> (segments: [LatticeSegment], entries: SplatMatrix.Entries) {
    do {
      return try LatticeSegment.all(
        of: scale.scaled(features, parallelism: parallelism), parallelism: parallelism)
    } catch LatticeError.keyOverflow(let point, let distance, let limit) {
      let fineness = Float(scale.fineness)
      throw LatticeError.keyOverflow(
        point: point, distance: distance / fineness, limit: limit / fineness)
    }
  }

  /// The Gaussian between kept vertices; `places` receives the place in order of each.
  private static func gaussian(
    _ selection: VertexSelection, scale: LatticeScale, places: AlignedBuffer<UInt32>,
    parallelism: Parallelism
  ) -> VertexGaussian {
    for (numbers, kept) in zip(selection.vertices, selection.kept) {
      for local in 0..<numbers.count where kept.base[local] == 1 {
        places.base[Int(numbers.base[local])] = 0
      }
    }
    let chosen = (0..<UInt32(places.count)).filter { places.base[Int($0)] == 0 }
    let coordinates = AlignedBuffer<Float>(
      uninitialized: chosen.count * (scale.dimensions + 1))
    ck_vertex_coordinates(
      &selection.table.table, Int32(scale.dimensions), chosen, chosen.count, coordinates.base)
    let order = AlignedBuffer<UInt32>(uninitialized: chosen.count)
    let gaussian = VertexGaussian(
      coordinates: coordinates, order: order, scale: scale, parallelism: parallelism)
    for place in 0..<order.count {
      places.base[Int(chosen[Int(order.base[place])])] = UInt32(place)
    }
    return gaussian
  }

  /// Numbers the rows of a segment as its points first use them; returns the place of each row.
  private static func renumber(
    _ part: LatticeSegment, kept: AlignedBuffer<UInt8>, places: AlignedBuffer<UInt32>,
    vertices: AlignedBuffer<UInt32>
  ) -> [UInt32] {
    let numbers = AlignedBuffer<UInt32>(repeating: .max, count: kept.count)
    let count = ck_renumber_vertices(
      part.vertices.base, kept.base, part.points.count,
      part.vertices.count / max(1, part.points.count), numbers.base)
    var rowPlaces = [UInt32](repeating: 0, count: Int(count))
    for local in 0..<numbers.count where numbers.base[local] != .max {
      rowPlaces[Int(numbers.base[local])] = places.base[Int(vertices.base[local])]
    }
    return rowPlaces
  }

  /// - Complexity: O(N·d·C), and O(C) for every pair of vertices within reach.
  func apply(to values: ChannelField, into output: inout ChannelField) {
    apply(to: values, into: &output, parallelism: parallelism)
  }

  /// The summed rows of every vertex.
  func blurScratch(stride: Int) -> Int { rows.count * stride }

  func blur(_ rows: RowPanels, scratch: UnsafeMutableBufferPointer<Float>) {
    guard let sums = scratch.baseAddress else { return }
    rows.forEach { panel in
      self.rows.gather(
        panel, into: sums, stride: rows.stride, parallelism: parallelism)
    }
    gaussian.apply(to: sums, stride: rows.stride, parallelism: parallelism) {
      places, tile in
      rows.forEach { panel in self.rows.scatter(tile, of: places, into: panel) }
    }
  }

  /// Scales the weights of its splat matrix; see `GaussianFilter`.
  mutating func scale(
    by scales: UnsafeBufferPointer<Float>, parallelism: Parallelism
  ) -> Bool {
    splatMatrix.scale(by: scales, parallelism: parallelism)
    return true
  }

  /// g·Σ wₐ·w_b·G(vₐ − v_b); about 0.95 for 5-D features.
  ///
  /// - Complexity: O(N·d²).
  func selfWeights() -> [Float] {
    let (matrix, corners) = (splatMatrix, splatMatrix.corners)
    return [Float](unsafeUninitializedCapacity: points) { output, count in
      nonisolated(unsafe) let output = output
      parallelism.forEach(matrix.segments.count) { index in
        let segment = matrix.segments[index]
        let allWeights = matrix.weights(of: segment)
        for local in 0..<segment.points.count {
          let weights = allWeights + local * corners
          var sum: Float = 0
          for a in 0..<corners {
            for b in 0..<corners {
              sum += weights[a] * weights[b] * responses[a * corners + b]
            }
          }
          output[segment.points.lowerBound + local] = gain * sum
        }
      }
      count = points
    }
  }
}
