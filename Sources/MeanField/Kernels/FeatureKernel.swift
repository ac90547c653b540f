import Lattice
import LatticeSupport
import Unaries

/// Points of like features ought to share a label: exp(−½‖fᵢ − fⱼ‖²) for features of the caller's
/// own.
///
/// Depth, normals, multispectral bands, learned embeddings, positions of a point cloud.
public struct FeatureKernel: PairwiseKernel {
  /// How far apart features may be and still count as like.
  public enum Scaling: Sendable {
    /// The features are divided by their bandwidths already.
    case unit
    /// One bandwidth for all features, or one each.
    case bandwidths(Bandwidths)
    /// The Gaussian's full covariance, d × d row-major; the distance is then Mahalanobis's.
    case covariance([Float])
  }

  /// d, the number of features that the filter sees.
  public let dimensions: Int
  /// The share of the features' variance that the principal components kept; `nil` without a
  /// reduction.
  public let explainedVariance: Double?

  /// N × d, scaled and reduced.
  private let rows: [Float]

  /// Scales the features, then reduces them where asked to.
  ///
  /// - Parameters:
  ///   - rows: N × `dimensions`, finite.
  ///   - dimensions: features a point, at least 1.
  ///   - scaling: how far apart features may be.
  ///   - components: principal components to keep, in units of bandwidths; `nil` keeps all
  ///     features. A lattice's cost grows with d², so embeddings of many features want this.
  /// - Throws: `InputError` where shapes do not fit, a bandwidth is not above 0, or a covariance is
  ///   not symmetric and positive definite.
  public init(
    rows: [Float], dimensions: Int, scaling: Scaling = .unit, components: Int? = nil
  ) throws {
    guard dimensions >= 1, rows.count % dimensions == 0 else {
      throw InputError(.data, "\(rows.count) numbers are not rows of \(dimensions) features")
    }
    if let index = rows.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        .data, "feature \(index % dimensions) of point \(index / dimensions) is \(rows[index])",
        remedy: "features must be finite")
    }
    let scaled = try Self.scale(rows, dimensions: dimensions, by: scaling)
    guard let components else {
      self.rows = scaled
      self.dimensions = dimensions
      explainedVariance = nil
      return
    }
    let principal = try PrincipalComponents(
      rows: scaled, dimensions: dimensions, count: components)
    self.rows = principal.project(rows: scaled)
    self.dimensions = components
    explainedVariance = principal.totalExplainedVariance
  }

  /// `features:d=…`.
  public var name: String { "features:d=\(dimensions)" }

  /// N × d features.
  ///
  /// - Throws: `InputError` where the scene has another number of points.
  public func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
    let points = rows.count / dimensions
    guard points == scene.grid.count else {
      throw InputError(
        .data,
        "features of \(points) points for a grid of \(scene.grid) "
          + "(\(scene.grid.count) points)")
    }
    return try FeatureMatrix(
      points: points, dimensions: dimensions, rows: rows, extents: scene.grid.extents)
  }

  private static func scale(
    _ rows: [Float], dimensions: Int, by scaling: Scaling
  ) throws -> [Float] {
    switch scaling {
    case .unit:
      return rows
    case .bandwidths(let bandwidths):
      let sigmas = try bandwidths.expanded(to: dimensions, of: "features")
      return rows.indices.map { rows[$0] / sigmas[$0 % dimensions] }
    case .covariance(let covariance):
      let whitening = try CovarianceWhitening(covariance: covariance)
      guard whitening.dimensions == dimensions else {
        throw InputError(
          .data,
          "a covariance of \(whitening.dimensions) × \(whitening.dimensions) for "
            + "\(dimensions) features")
      }
      return whitening.apply(rows: rows)
    }
  }
}

extension FeatureKernel {
  /// Features as files hold them: (d, H, W) or (H, W, d), and without d where there is one feature.
  ///
  /// The axes of points may be flattened into one, and there are as many as the grid has. Where
  /// both orders fit, it is the first, as for scores.
  /// - Throws: `InputError` where the array does not fit the grid, and as the other initializer
  ///   does.
  public init(
    _ array: NumericArray, on grid: GridShape, scaling: Scaling = .unit, components: Int? = nil
  ) throws {
    let shape = array.shape
    if shape == grid.extents || shape == [grid.count] {
      try self.init(rows: array.values, dimensions: 1, scaling: scaling, components: components)
      return
    }
    if let dimensions = shape.first, Self.fits(shape.dropFirst(), grid) {
      try self.init(
        rows: Self.rows(ofPlanes: array.values, points: grid.count, dimensions: dimensions),
        dimensions: dimensions, scaling: scaling, components: components)
      return
    }
    guard let dimensions = shape.last, Self.fits(shape.dropLast(), grid) else {
      let extents = grid.extents.map(String.init).joined(separator: ",")
      throw InputError(
        .data,
        "features of shape \(shape) do not fit a grid of \(grid)",
        remedy: "expected (d,\(extents)) or (\(extents),d), or (d,\(grid.count)) or "
          + "(\(grid.count),d)")
    }
    try self.init(
      rows: array.values, dimensions: dimensions, scaling: scaling, components: components)
  }

  private static func fits(_ axes: ArraySlice<Int>, _ grid: GridShape) -> Bool {
    Array(axes) == grid.extents || Array(axes) == [grid.count]
  }

  private static func rows(ofPlanes values: [Float], points: Int, dimensions: Int) -> [Float] {
    [Float](unsafeUninitializedCapacity: values.count) { rows, count in
      for point in 0..<points {
        for dimension in 0..<dimensions {
          rows[point * dimensions + dimension] = values[dimension * points + point]
        }
      }
      count = values.count
    }
  }
}

extension KernelKind {
  /// Points of like features, read from an array, ought to share a label.
  public static let features = KernelKind(
    name: "features", summary: "features of your own, from an array",
    settings: [
      Setting("file", .array, "the features, (d,H,W) or (H,W,d)"),
      Setting(
        "sigma", .bandwidths, "what they are divided by; one value, or one per feature",
        default: nil),
      Setting(
        "components", .count(1...Int.max), "how many principal components are kept", default: nil),
    ], example: "features:weight=2,file=f.npy", needsImage: false
  ) { settings, grid, context in
    guard let file = settings.array("file") else { preconditionFailure("no features") }
    do {
      return try FeatureKernel(
        context.array(file), on: grid,
        scaling: settings.bandwidths("sigma").map { .bandwidths($0) } ?? .unit,
        components: settings.count("components"))
    } catch let error as InputError {
      guard case .named(let name) = file else { throw error }
      throw error.at(name)
    }
  }
}
