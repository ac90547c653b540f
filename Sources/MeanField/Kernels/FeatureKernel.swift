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
    return try FeatureMatrix(points: points, dimensions: dimensions, rows: rows)
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
