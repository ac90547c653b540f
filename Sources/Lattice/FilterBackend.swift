import LatticeSupport

/// A way to sum over all pairs of points: it makes a `GaussianFilter` for given features.
public protocol FilterBackend: Sendable {
  /// The name that options and reports use.
  var name: String { get }

  /// Prepares the Gaussian of `features`.
  ///
  /// - Throws: `LatticeError` where the features are outside what the backend can hold.
  func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter
}
