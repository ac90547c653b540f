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

  /// The same backend, whose filters tell how far they have come where that takes long.
  ///
  /// - Parameters:
  ///   - applications: how often each filter is going to be applied.
  ///   - report: is called with a share of 0…1 that grows, on any thread.
  func reporting(
    applications: Int, to report: @escaping @Sendable (Double) -> Void
  ) -> any FilterBackend
}

extension FilterBackend {
  /// Filters that are fast have nothing to tell.
  public func reporting(
    applications: Int, to report: @escaping @Sendable (Double) -> Void
  ) -> any FilterBackend { self }
}
