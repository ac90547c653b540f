import Lattice
import LatticeSupport
import Unaries

/// A pairwise term with its filter built and its normalisation computed for one scene.
package struct PreparedTerm: Sendable {
  /// K', the filter with its normalisation and its self term.
  let kernel: NormalizedFilter
  private(set) var factors: CompatibilityFactors
  /// What the filter leaves out; `nil` where it leaves out nothing.
  let omission: Omission?

  /// - Throws: what the kernel, its compatibility or the backend throws.
  package init(
    _ term: PairwiseTerm, scene: Scene, labelCount: Int, backend: any FilterBackend,
    parallelism: Parallelism
  ) throws {
    factors = try term.compatibility.factors(labelCount: labelCount)
    var features = try term.kernel.features(for: scene, parallelism: parallelism)
    guard features.points == scene.grid.count else {
      throw InputError(
        .data, at: term.kernel.name,
        "the kernel has features of \(features.points) points for a grid of \(scene.grid) "
          + "(\(scene.grid.count) points)")
    }
    if let mask = scene.mask { features = features.kept(mask) }
    try Cancellation.check()
    let filter = try backend.makeFilter(for: features, parallelism: parallelism)
    try Cancellation.check()
    var kernel = NormalizedFilter(
      filter, normalization: term.normalization, selfTerm: term.selfTerm, keepsBare: false,
      parallelism: parallelism)
    if let failure = filter.failure { throw failure }
    omission = Omission(
      kernel.filter, normalization: term.normalization, sums: kernel.parts?.sums,
      parallelism: parallelism)
    kernel.parts = nil
    self.kernel = kernel
  }

  /// A term of a kernel that is there already.
  init(_ kernel: NormalizedFilter, factors: CompatibilityFactors) {
    self.kernel = kernel
    self.factors = factors
    omission = nil
  }

  /// The term with another compatibility; the filter is shared.
  ///
  /// - Throws: what the compatibility throws.
  func with(_ compatibility: any LabelCompatibility, labelCount: Int) throws -> PreparedTerm {
    var term = self
    term.factors = try compatibility.factors(labelCount: labelCount)
    return term
  }

  /// The term with its compatibility multiplied by `weight`; the filter is shared.
  func weighted(by weight: Float) -> PreparedTerm {
    var term = self
    term.factors = factors.multiplied(by: weight)
    return term
  }

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
}

extension FeatureMatrix {
  /// The features of the points that count. They are positions on a grid no longer.
  fileprivate func kept(_ mask: PointMask) -> FeatureMatrix {
    let storage = AlignedBuffer<Float>(uninitialized: mask.count * dimensions)
    for (row, point) in mask.points.enumerated() {
      (storage.base + row * dimensions).update(
        from: self.storage.base + point * dimensions, count: dimensions)
    }
    return FeatureMatrix(
      points: mask.count, dimensions: dimensions, storage: storage, grid: nil)
  }
}
