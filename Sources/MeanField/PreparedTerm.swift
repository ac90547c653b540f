import CKernels
import Lattice
import LatticeSupport
import Unaries

/// A pairwise term with its filter built and its normalisation computed for one scene.
package struct PreparedTerm: Sendable {
  /// Sums over pairs; its weights hold the normalisation where they can, so that no scales are
  /// left.
  let filter: any GaussianFilter
  private(set) var factors: CompatibilityFactors
  /// Factors of the values that go into the filter; `nil` for 1.
  let inputScale: AlignedBuffer<Float>?
  /// Factors of the sums that come out; `nil` for 1.
  let outputScale: AlignedBuffer<Float>?
  /// What of each point's own marginal is taken out of its message; `nil` where it stays.
  let selfScale: AlignedBuffer<Float>?
  /// What the filter leaves out; `nil` where it leaves out nothing.
  let omission: Omission?

  /// - Throws: what the kernel, its compatibility or the backend throws.
  package init(
    _ term: PairwiseTerm, scene: Scene, labelCount: Int, backend: any FilterBackend,
    parallelism: Parallelism
  ) throws {
    factors = try term.compatibility.factors(labelCount: labelCount)
    let features = try term.kernel.features(for: scene, parallelism: parallelism)
    guard features.points == scene.grid.count else {
      throw InputError(
        .data, at: term.kernel.name,
        "the kernel has features of \(features.points) points for a grid of \(scene.grid) "
          + "(\(scene.grid.count) points)")
    }
    try Cancellation.check()
    // A value: what its weights are multiplied with below does not show in the backend's copies.
    var filter = try backend.makeFilter(for: features, parallelism: parallelism)
    try Cancellation.check()
    let selfWeights = term.selfTerm == .included ? nil : filter.selfWeights()
    guard term.normalization != .none else {
      self.filter = filter
      inputScale = nil
      outputScale = nil
      selfScale = selfWeights.map { AlignedBuffer(copying: $0) }
      omission = Omission(
        filter, normalization: .none, sums: nil, parallelism: parallelism)
      return
    }
    let sums = Self.sums(of: filter, parallelism: parallelism)
    var divisors = sums
    if term.selfTerm == .excludedBeforeNormalization, let selfWeights {
      divisors = AlignedBuffer(uninitialized: sums.count)
      for point in selfWeights.indices {
        let others = sums[point] - selfWeights[point]
        let hasOthers = others > Self.noise * selfWeights[point]
        sums[point] = hasOthers ? others : 0
        // Who has no neighbours gets and sends no messages: divided by nothing, rounding would be
        // one.
        divisors[point] = hasOthers ? others : .infinity
      }
    }
    let scales = term.normalization.scales(from: divisors, parallelism: parallelism)
    if term.normalization == .symmetric, let both = scales.input,
      filter.scale(by: UnsafeBufferPointer(both.bufferPointer), parallelism: parallelism)
    {
      inputScale = nil
      outputScale = nil
    } else {
      inputScale = scales.input
      outputScale = scales.output
    }
    self.filter = filter
    selfScale = selfWeights.map { weights in
      AlignedBuffer(
        copying: weights.indices.map { point in
          weights[point] * (scales.input?[point] ?? 1) * (scales.output?[point] ?? 1)
        })
    }
    omission = Omission(
      filter, normalization: term.normalization, sums: sums, parallelism: parallelism)
  }

  /// The term with its compatibility multiplied by `weight`; the filter is shared.
  func weighted(by weight: Float) -> PreparedTerm {
    var term = self
    term.factors = factors.multiplied(by: weight)
    return term
  }

  /// What is left of a sum in float32 when all that it consists of is taken out again.
  private static let noise: Float = 1e-6

  /// The term with one more channel, which holds bounds of errors: |μ| takes them along.
  func withErrorChannel(labelCount: Int) -> PreparedTerm {
    var term = self
    switch factors {
    case .uniform(let weight):
      term.factors = .perLabel([Float](repeating: weight, count: labelCount) + [abs(weight)])
    case .perLabel(let weights):
      term.factors = .perLabel(weights + [factors.largestGain])
    case .matrix(let matrix):
      let count = Int(Double(matrix.count).squareRoot())
      let rows = (0..<count).flatMap { matrix[$0 * count..<($0 + 1) * count] + [0] }
      term.factors = .matrix(
        rows + [Float](repeating: 0, count: count) + [factors.largestGain])
    }
    return term
  }

  /// K·1, of one channel.
  private static func sums(
    of filter: any GaussianFilter, parallelism: Parallelism
  ) -> AlignedBuffer<Float> {
    if let filter = filter.factored, filter.points > 0 {
      return filter.rowSums(parallelism: parallelism)
    }
    let ones = ChannelField(
      points: filter.points, channels: 1, rows: [Float](repeating: 1, count: filter.points))
    return AlignedBuffer(copying: filter.apply(to: ones).rows())
  }
}
