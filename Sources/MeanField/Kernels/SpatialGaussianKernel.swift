import Lattice
import LatticeSupport
import Unaries

/// Neighbours ought to share a label: exp(−‖pᵢ − pⱼ‖²/2σγ²), DeepLab's second kernel (eq. 3).
public struct SpatialGaussianKernel: PairwiseKernel {
  /// σγ in grid steps; one value, or one an axis in the order of `axisOrder`.
  public let sigma: Bandwidths
  /// The order of positions among features.
  public let axisOrder: AxisOrder

  /// A Gaussian of positions.
  public init(sigma: Bandwidths, axisOrder: AxisOrder = .xFirst) {
    self.sigma = sigma
    self.axisOrder = axisOrder
  }

  /// `gaussian:spatial=…`.
  public var name: String { "gaussian:spatial=\(sigma)" }

  /// N × rank positions, divided by σγ. Needs no image.
  public func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
    let positions = try PositionFeatures(scene: scene, sigma: sigma, order: axisOrder)
    return positions.matrix(
      extra: 0, grid: positions.gridPositions, parallelism: parallelism
    ) { _, _ in }
  }
}

extension KernelKind {
  /// Neighbours ought to share a label.
  public static let gaussian = KernelKind(
    name: "gaussian", summary: "positions", settings: [.spatial],
    example: "gaussian:weight=3,spatial=3", needsImage: false
  ) { settings, _, _ in
    SpatialGaussianKernel(sigma: settings.required("spatial"))
  }
}
