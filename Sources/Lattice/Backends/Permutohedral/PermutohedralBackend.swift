import Support

/// Gaussian filtering on the permutohedral lattice: O(N·d²), whatever the bandwidths.
///
/// Adams, Baek & Davis (2010), doi:10.1111/j.1467-8659.2009.01645.x.
public struct PermutohedralBackend: FilterBackend {
  /// How closely the lattice follows the Gaussian, or other programs.
  public enum Mode: String, Sendable, CaseIterable {
    /// The lattice of Krähenbühl & Koltun's program (and of pydensecrf), to rounding error: one blur
    /// with taps ½, 1, ½ an axis, vertices only where a point was splatted, neighbours that are
    /// missing counted as 0. For 5-D features it keeps about half of the Gaussian's mass.
    case compatible
  }

  /// How closely the lattice follows the Gaussian.
  public let mode: Mode

  /// A backend of the given mode.
  public init(_ mode: Mode = .compatible) {
    self.mode = mode
  }

  /// `permutohedral`.
  public var name: String { "permutohedral" }

  /// Builds the lattice of `features`.
  ///
  /// - Throws: `LatticeError.keyOverflow` where a point lies too many bandwidths from the origin,
  ///   `.tooManyVertices`, or `.unsupported` above 255 dimensions.
  /// - Complexity: O(N·d²) time; N·(d + 1)·8 bytes and the vertices.
  public func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    try PermutohedralLattice(features, parallelism: parallelism)
  }
}

extension FilterBackend where Self == PermutohedralBackend {
  /// Filtering on the permutohedral lattice.
  public static func permutohedral(_ mode: PermutohedralBackend.Mode) -> Self { Self(mode) }
}
