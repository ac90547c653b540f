import LatticeSupport

/// Every pair of points that matters, O(N²): the truth that other backends are measured against.
///
/// Points that are near in feature space are put into blocks of 64, and pairs of blocks whose
/// bounding boxes put the Gaussian below `threshold` are skipped; the mass that this loses is
/// bounded for each point, and `ExactGaussian` tells the bound. What is not skipped is evaluated in
/// float32 from differences of features, each unordered pair once. Positions on a grid are filtered
/// axis by axis instead, which gives the same sums.
public struct ExactBackend: FilterBackend {
  /// Pairs of blocks are skipped where the Gaussian is below this between all of their points; 0
  /// evaluates every pair.
  public let threshold: Double
  /// Bytes of weights that a filter may keep from one application to the next; `nil` keeps up to
  /// `defaultMemoryBudget` where features are so many that reading a weight is faster than
  /// evaluating it.
  public let memoryBudget: Int?
  /// Is told how far the filters' applications have come.
  public var progress: FilterProgress?

  /// A backend that skips what is negligible.
  ///
  /// - Parameters:
  ///   - threshold: 0 ≤ threshold < 1.
  ///   - memoryBudget: bytes for weights that are kept, at least 0; `nil` decides by what is
  ///     faster. Results do not depend on it.
  ///   - progress: is told how far the filters' applications have come.
  public init(
    threshold: Double = Self.defaultThreshold, memoryBudget: Int? = nil,
    progress: FilterProgress? = nil
  ) {
    precondition(threshold >= 0 && threshold < 1, "a threshold of \(threshold) is not in 0..<1")
    precondition((memoryBudget ?? 0) >= 0, "a budget of \(memoryBudget ?? 0) bytes")
    self.threshold = threshold
    self.memoryBudget = memoryBudget
    self.progress = progress
  }

  /// 10⁻¹²: on photographs the bound on the result of ten updates is then below 10⁻⁶, for a fifth
  /// more pairs than at 10⁻⁸, where it may exceed 10⁻⁴.
  public static let defaultThreshold = 1e-12

  /// 2 GiB.
  public static let defaultMemoryBudget = 2 << 30

  /// Features of a point from which keeping weights pays within ten applications
  /// (docs/exact-filter.md).
  static let dimensionsWorthKeeping = 24

  /// The bytes of weights to keep for points with so many features.
  func memoryBudget(dimensions: Int) -> Int {
    memoryBudget ?? (dimensions < Self.dimensionsWorthKeeping ? 0 : Self.defaultMemoryBudget)
  }

  /// The same backend, whose filters count the pairs that they evaluate. Bounding what is skipped
  /// takes one more application.
  public func reporting(
    applications: Int, to report: @escaping @Sendable (Double) -> Void
  ) -> any FilterBackend {
    var backend = self
    backend.progress = FilterProgress(
      applications: max(1, applications + (threshold > 0 ? 1 : 0)), report: report)
    return backend
  }

  /// `exact`.
  public var name: String { "exact" }

  /// Rounding of sums of float32 products; pairs that are skipped weigh less than the threshold
  /// each, and about a hundred of a few hundred points are.
  public func promisedError(dimensions: Int) -> Double? { 1e-6 + 10 * threshold }

  /// Prepares the Gaussian of `features`; never fails.
  ///
  /// - Complexity: O(N log N·d + (N/64)²·d), and O(N²·d) where weights are kept.
  public func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    if let grid = features.grid {
      return SeparableGaussian(grid, parallelism: parallelism)
    }
    return ExactGaussian(features, self, parallelism: parallelism)
  }
}

extension FilterBackend where Self == ExactBackend {
  /// All pairs of points that matter, with the default threshold and memory.
  public static var exact: Self { Self() }
}
