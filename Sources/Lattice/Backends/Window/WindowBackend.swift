import LatticeSupport

/// The Gaussian between points that are near each other on their grid, and nothing beyond: a
/// truncated window, as ConvCRF has it (Teichmann & Cipolla 2018, arXiv:1805.04777).
///
/// What it approximates: pairs within `radius` steps along every axis weigh exactly what the
/// Gaussian of their features says, to rounding; all others weigh 0. That is the whole Gaussian
/// where positions are among the features and `radius` is several of their bandwidths. K is
/// symmetric; like ConvCRF's, it need not be positive semidefinite.
///
/// A backend for short kernels: its time grows with (2·radius + 1) to the number of axes, where
/// those of lattices do not depend on bandwidths.
public struct WindowBackend: FilterBackend {
  /// Steps of the grid along each axis; a window is 2·`radius` + 1 points wide.
  public let radius: Int

  /// 5: ConvCRF's windows are 11 points wide.
  public static let defaultRadius = 5

  /// - Parameter radius: at least 1.
  public init(radius: Int = Self.defaultRadius) {
    precondition(radius >= 1, "a radius of \(radius)")
    self.radius = radius
  }

  /// `window`.
  public var name: String { "window" }

  /// Keeps the features.
  ///
  /// - Throws: `LatticeError.unsupported` where the points are on no grid.
  /// - Complexity: O(N·d).
  public func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    guard let extents = features.extents else {
      throw LatticeError.unsupported(
        reason: "a window compares points that are near each other on a grid, but these are on "
          + "none; use another filter")
    }
    return WindowedGaussian(features, extents: extents, radius: radius, parallelism: parallelism)
  }
}

extension FilterBackend where Self == WindowBackend {
  /// The Gaussian within a window of the grid.
  public static var window: Self { Self() }
}

extension FilterKind {
  /// A truncated window.
  public static let window = FilterKind(
    name: "window", summary: "every pair of points within a window, as in ConvCRF",
    settings: [
      Setting(
        "radius", .count(1...65_535), "pixels on either side along each axis",
        default: .count(WindowBackend.defaultRadius))
    ], example: "window:radius=7"
  ) { settings in
    WindowBackend(radius: settings.count("radius") ?? WindowBackend.defaultRadius)
  }
}
