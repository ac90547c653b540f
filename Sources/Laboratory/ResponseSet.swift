import Lattice
import LatticeSupport
import MeanField
import Unaries

/// One kernel over a scene, through the Gaussian itself and through several filters.
public struct ResponseSet: Sendable {
  /// What a point listens to through one filter, or through the Gaussian itself.
  public struct Response: Sendable {
    /// `exact`, or the filter's description.
    public let name: String
    /// The weights of all points in the listener's messages.
    public let row: [Float]
    /// The listener's weight for itself.
    public let selfWeight: Double
    /// The share of the weights that lies elsewhere than the Gaussian puts it, 0…1: half of
    /// Σ|w/Σw − g/Σg|. `nil` for the Gaussian.
    public let elsewhere: Double?
    /// The effective number of the listener's neighbours.
    public let neighbours: Double
    /// The quartiles of those of a sample of points: a quarter, half and three quarters have fewer.
    public let quartiles: [Double]
    /// The largest eigenvalues of the normalised kernel; none where they were not asked for, or
    /// would take all pairs of too many points.
    public let eigenvalues: [Double]
  }

  /// What one point listens to.
  public struct View: Sendable {
    /// The kernel's description.
    public let kernel: String
    /// d, the features of a point.
    public let dimensions: Int
    /// The point.
    public let listener: Int
    /// That of the Gaussian first.
    public let responses: [Response]
  }

  /// What does not depend on the listener.
  private struct Through: Sendable {
    let name: String
    /// `nil` for the Gaussian itself.
    let response: KernelResponse?
    let quartiles: [Double]
    let eigenvalues: [Double]
  }

  private let kernel: String
  private let features: FeatureMatrix
  private let all: [Through]

  /// More points than that take too long for eigenvalues of all pairs.
  private static let mostPointsOfPairs = 8192

  /// - Parameters:
  ///   - kernel: which points are alike.
  ///   - filters: what is looked at beside the Gaussian.
  ///   - scene: the points.
  ///   - context: gives the arrays that the kernel refers to.
  ///   - sample: how many points' neighbours are counted.
  ///   - eigenvalues: how many are computed.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the kernel cannot be used over the scene, or a filter cannot take
  ///   its features.
  public init(
    _ kernel: Description<KernelKind>, _ filters: [Description<FilterKind>], over scene: Scene,
    context: DescriptionContext = .none, sample: Int, eigenvalues: Int,
    parallelism: Parallelism = .automatic
  ) throws {
    self.kernel = "\(kernel)"
    let features = try kernel.kernel(on: scene.grid, context: context)
      .features(for: scene, parallelism: parallelism)
    self.features = features
    let listeners = KernelResponse.sample(sample, of: features.points)
    let pairs =
      features.points <= Self.mostPointsOfPairs && eigenvalues > 0
      ? try ExactBackend(threshold: 0).makeFilter(for: features, parallelism: parallelism) : nil
    let exactCounts = parallelism.map(listeners.count) { index in
      KernelResponse.effectiveCount(KernelResponse.exactRow(of: listeners[index], features))
    }
    let exact = Through(
      name: FilterKind.exact.name, response: nil, quartiles: Self.quartiles(exactCounts),
      eigenvalues: pairs.map { KernelResponse($0).spectrum(eigenvalues) } ?? [])
    all =
      [exact]
      + (try filters.map { description in
        let filter: any GaussianFilter
        do {
          filter = try description.kind.make(description.settings)
            .makeFilter(for: features, parallelism: parallelism)
        } catch let error as LatticeError {
          throw InputError(.data, at: "\(description) over \(kernel)", "\(error)")
        }
        let response = KernelResponse(filter)
        let counts = Self.batches(listeners).flatMap { batch in
          response.rows(of: batch).map(KernelResponse.effectiveCount)
        }
        let spectrum = response.spectrum(eigenvalues)
        if let failure = filter.failure { throw failure }
        return Through(
          name: "\(description)", response: response, quartiles: Self.quartiles(counts),
          eigenvalues: spectrum)
      })
  }

  /// As many channels as a field of some points should have.
  private static func batches(_ listeners: [Int]) -> [[Int]] {
    stride(from: 0, to: listeners.count, by: 16).map {
      Array(listeners[$0..<min(listeners.count, $0 + 16)])
    }
  }

  private static func quartiles(_ counts: [Double]) -> [Double] {
    let sorted = counts.sorted()
    guard !sorted.isEmpty else { return [] }
    return [1, 2, 3].map { sorted[min(sorted.count - 1, $0 * sorted.count / 4)] }
  }

  /// What one point listens to. O(N·d), and an application of each filter.
  public func view(of listener: Int) -> View {
    precondition((0..<features.points).contains(listener), "point \(listener)")
    let truth = KernelResponse.exactRow(of: listener, features)
    let total = truth.reduce(0.0) { $0 + Double($1) }
    let responses = all.map { through -> Response in
      let row = through.response?.rows(of: [listener]).first ?? truth
      let sum = row.reduce(0.0) { $0 + Double($1) }
      let differences = zip(row, truth).reduce(0.0) {
        $0 + abs(Double($1.0) / sum - Double($1.1) / total)
      }
      return Response(
        name: through.name, row: row, selfWeight: Double(row[listener]),
        elsewhere: through.response == nil ? nil : differences / 2,
        neighbours: KernelResponse.effectiveCount(row), quartiles: through.quartiles,
        eigenvalues: through.eigenvalues)
    }
    return View(
      kernel: kernel, dimensions: features.dimensions, listener: listener, responses: responses)
  }
}
