import LatticeSupport

/// Gaussian filtering on the permutohedral lattice: O(N·d²), whatever the bandwidths.
///
/// Adams, Baek & Davis (2010), doi:10.1111/j.1467-8659.2009.01645.x.
public struct PermutohedralBackend: FilterBackend {
  /// How closely the lattice follows the Gaussian, or other programs.
  public enum Mode: String, Sendable, CaseIterable {
    /// The lattice of Krähenbühl & Koltun's program (and of pydensecrf), to rounding error: one
    /// blur with taps ½, 1, ½ along every axis, vertices only where a point was splatted, and
    /// neighbours that are missing counted as 0. For 5-D features it keeps about half of the
    /// Gaussian's mass.
    case compatible
    /// The Gaussian itself between the vertices of a finer lattice (`AccurateLattice`), and an
    /// exact one of positions on a grid: 0.4 of the other's error after mean field inference, and
    /// 0.95 of each point's own weight instead of half of it, in two to three times the time.
    case accurate
    /// The compatible lattice with half blurs along the axes there and back: its K is symmetric
    /// and positive semidefinite, as proofs of descent need it (`Solver`). Blurs take twice as
    /// long.
    case symmetric
  }

  /// How closely the lattice follows the Gaussian.
  public let mode: Mode

  /// A backend of the given mode.
  public init(_ mode: Mode = .compatible) {
    self.mode = mode
  }

  /// `permutohedral`, `accurate` or `symmetric`.
  public var name: String {
    switch mode {
    case .compatible: "permutohedral"
    case .accurate: "accurate"
    case .symmetric: "symmetric"
    }
  }

  /// The lattice's own kernel, on points so sparse: missing neighbours cost the more, the more
  /// dimensions there are. In the accurate mode, the interpolation between vertices and the cut of
  /// the Gaussian between them.
  public func promisedError(dimensions: Int) -> Double? {
    switch mode {
    case .compatible: dimensions > 6 ? 0.12 : 0.05
    case .symmetric: dimensions > 5 ? 0.12 : 0.05
    case .accurate: dimensions > 6 ? 0.008 : 0.005
    }
  }

  /// Builds the lattice of `features`.
  ///
  /// - Throws: `LatticeError.keyOverflow` where a point lies too many bandwidths from the origin,
  ///   `.tooManyVertices`, or `.unsupported` above 255 dimensions.
  /// - Complexity: O(N·d²) time; N·(d + 1)·8 bytes and the vertices. `.accurate` takes another 4
  ///   bytes for about one in ten pairs of vertices within three bandwidths.
  public func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    switch mode {
    case .compatible:
      if let lattice = PlanarLattice(features, parallelism: parallelism) { return lattice }
      return try PermutohedralLattice(features, parallelism: parallelism)
    case .symmetric:
      return try PermutohedralLattice(features, isSymmetric: true, parallelism: parallelism)
    case .accurate:
      if let grid = features.grid { return SeparableGaussian(grid, parallelism: parallelism) }
      return try AccurateLattice(features, parallelism: parallelism)
    }
  }
}

extension FilterBackend where Self == PermutohedralBackend {
  /// Filtering on the permutohedral lattice.
  public static func permutohedral(_ mode: PermutohedralBackend.Mode) -> Self { Self(mode) }
}
