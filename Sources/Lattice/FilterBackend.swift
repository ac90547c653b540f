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

  /// By how much weighted means K·v/K·1 of values in 0…1 differ at most, on average, from those of
  /// all pairs, for a few hundred random points in a cube of 1 to 16 bandwidths; `nil`, the
  /// default, where nothing is promised.
  ///
  /// - Parameter dimensions: the features of a point.
  func promisedError(dimensions: Int) -> Double?

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
  /// Nothing is promised.
  public func promisedError(dimensions: Int) -> Double? { nil }

  /// Filters that are fast have nothing to tell.
  public func reporting(
    applications: Int, to report: @escaping @Sendable (Double) -> Void
  ) -> any FilterBackend { self }
}
