import CKernels
import LatticeSupport

/// The part of a lattice that one run of consecutive points is splatted to.
struct LatticeSegment: Sendable {
  /// The points, of the whole matrix.
  let points: Range<Int>
  /// Numbers in `table` of the d + 1 vertices of each point, in the order of `visits`.
  let vertices: AlignedBuffer<UInt32>
  /// Barycentric weights, in the same order, points × (d + 1).
  let weights: AlignedBuffer<Float>
  let table: VertexTable
  /// The order in which the points were embedded.
  let visits: [Range<Int>]

  init(
    of features: FeatureMatrix, points: Range<Int>, entries: SplatMatrix.Entries
  ) throws {
    let dimensions = features.dimensions
    self.points = points
    (vertices, weights) = entries.part(points)
    table = try VertexTable(dimensions: dimensions, expected: points.count / 4)
    let scratch = AlignedBuffer<Float>(
      uninitialized: ck_lattice_scratch(Int32(dimensions)))
    visits = SplatMatrix.visits(of: points, lineLength: features.lineLength)
    var corner = 0
    for visit in visits {
      var failed = 0
      let status = ck_lattice_embed(
        features.storage.base + visit.lowerBound * dimensions, visit.count, Int32(dimensions),
        &table.table, vertices.base + corner, weights.base + corner, scratch.base, &failed)
      switch status {
      case CK_EMBED_OK:
        corner += visit.count * (dimensions + 1)
      case CK_EMBED_KEY_OVERFLOW:
        throw Self.overflow(features, point: visit.lowerBound + failed)
      default:
        throw LatticeError.outOfMemory
      }
    }
  }

  private static func overflow(_ features: FeatureMatrix, point: Int) -> LatticeError {
    let dimensions = features.dimensions
    var squares = 0.0
    for dimension in 0..<dimensions {
      let feature = Double(features[point, dimension])
      squares += feature * feature
    }
    // Elevation keeps angles and multiplies lengths by (d + 1)·√(2/3).
    let limit =
      Double(ck_lattice_coordinate_limit(Int32(dimensions)))
      / (Double(dimensions + 1) * (2.0 / 3.0).squareRoot())
    return .keyOverflow(point: point, distance: Float(squares.squareRoot()), limit: Float(limit))
  }
}

extension LatticeSegment {
  /// Throws where a lattice's keys cannot hold `dimensions` features.
  static func checkDimensions(_ dimensions: Int) throws {
    guard dimensions <= 255 else {
      throw LatticeError.unsupported(
        reason: "a permutohedral lattice holds up to 255 features, not \(dimensions); reduce them "
          + "first, by principal components for one")
    }
  }

  /// The segments of all points, in their order, and the entries that they have in common.
  ///
  /// - Throws: `LatticeError` of the first segment that fails; `CallCancelled`.
  static func all(
    of features: FeatureMatrix, parallelism: Parallelism
  ) throws -> (segments: [LatticeSegment], entries: SplatMatrix.Entries) {
    let ranges = SplatMatrix.segmentRanges(of: features.points)
    let entries = SplatMatrix.Entries(
      points: features.points, corners: features.dimensions + 1)
    let flag = Cancellation.flag
    let segments = try parallelism.map(ranges.count) { index in
      if flag?.isSet == true { throw CallCancelled() }
      return try LatticeSegment(of: features, points: ranges[index], entries: entries)
    }
    return (segments, entries)
  }
}
