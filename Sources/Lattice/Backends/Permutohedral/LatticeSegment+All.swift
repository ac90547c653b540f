import LatticeSupport

extension LatticeSegment {
  /// Throws where a lattice's keys cannot hold `dimensions` features.
  static func checkDimensions(_ dimensions: Int) throws {
    guard dimensions <= 255 else {
      throw LatticeError.unsupported(
        reason: "a permutohedral lattice holds up to 255 features, not \(dimensions); reduce them "
          + "first, by principal components for one")
    }
  }

  /// The segments of all points, in their order.
  ///
  /// - Throws: `LatticeError` of the first segment that fails; `CallCancelled`.
  static func all(
    of features: FeatureMatrix, parallelism: Parallelism
  ) throws -> [LatticeSegment] {
    let ranges = FactoredSegment.ranges(of: features.points)
    let corners = FactoredSegment.Corners(
      points: features.points, corners: features.dimensions + 1)
    let flag = Cancellation.flag
    return try parallelism.map(ranges.count) { index in
      if flag?.isSet == true { throw CallCancelled() }
      return try LatticeSegment(of: features, points: ranges[index], corners: corners)
    }
  }
}
