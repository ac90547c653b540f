import Lattice
import LatticeSupport
import Unaries

/// A fully connected CRF over the points of a scene, solved by mean field.
///
/// E(x) = Σᵢ θᵢ(xᵢ) + Σᵢ<ⱼ μ(xᵢ, xⱼ) Σₘ wₘ kₘ(fᵢ, fⱼ): Krähenbühl & Koltun, "Efficient inference in
/// fully connected CRFs with Gaussian edge potentials", NIPS 2011, eq. 1–2. All filters are built
/// once, here; every inference uses them.
///
/// ```swift
/// let crf = try DenseCRF(
///   scene: Scene(image), unary: scores.energies(for: image),
///   terms: [
///     PairwiseTerm(SpatialGaussianKernel(sigma: 3), weight: 3),
///     PairwiseTerm(BilateralKernel(spatialSigma: 67, colorSigma: 3), weight: 4),
///   ])
/// let labels = crf.marginals(iterations: 10).labels
/// ```
public struct DenseCRF: Sendable {
  /// θ: N × L energies.
  public let unary: EnergyField
  let terms: [PreparedTerm]
  let parallelism: Parallelism

  /// Builds the filters of `terms` over `scene`.
  ///
  /// - Parameters:
  ///   - scene: the points to label, with the image that the kernels compare.
  ///   - unary: N × L energies over the scene's grid. Where the scene leaves points out, those of
  ///     the points that count, in a grid of a single row: the CRF has no others.
  ///   - terms: may be empty; the marginals are then softmax(−θ).
  ///   - backend: how to sum over pairs of points.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Throws: `InputError` where sizes do not fit; `PairwiseTermError` where a kernel lacks what
  ///   it compares or its filter cannot be built.
  /// - Complexity: O(N·d²) per term with the permutohedral lattice, O(N²) with the exact filter.
  public init(
    scene: Scene, unary: EnergyField, terms: [PairwiseTerm],
    backend: any FilterBackend = .permutohedral(.compatible),
    parallelism: Parallelism = .automatic
  ) throws {
    try self.init(
      scene: scene, unary: unary, terms: terms, backend: backend, parallelism: parallelism
    ) { _, prepare in try prepare() }
  }

  /// The same; `preparing` gets the place of each term and what prepares it, and may know the
  /// prepared term already.
  init(
    scene: Scene, unary: EnergyField, terms: [PairwiseTerm], backend: any FilterBackend,
    parallelism: Parallelism,
    preparing: (_ index: Int, _ prepare: () throws -> PreparedTerm) throws -> PreparedTerm
  ) throws {
    guard unary.grid == scene.countedGrid else {
      throw InputError(
        .data, "the scores are \(unary.grid), but the image is \(scene.grid)",
        remedy: "resample one to the size of the other")
    }
    self.unary = unary
    let parallelism = parallelism.suited(to: unary.grid.count * unary.labelCount)
    self.parallelism = parallelism
    self.terms = try terms.enumerated().map { index, term in
      do {
        return try preparing(index) {
          try PreparedTerm(
            term, scene: scene, labelCount: unary.labelCount, backend: backend,
            parallelism: parallelism)
        }
      } catch {
        throw PairwiseTermError(index: index, kernel: term.kernel.name, cause: error)
      }
    }
  }

  /// A CRF of terms that were prepared for the unary's grid and number of labels.
  package init(unary: EnergyField, terms: [PreparedTerm], parallelism: Parallelism) {
    self.unary = unary
    self.terms = terms
    self.parallelism = parallelism
  }

  /// What kept one of the filters from a sum so far; marginals are of no use then. `nil` as long as
  /// all have done what they were asked for, as those of this package always do.
  public var failure: (any Error)? { FilterWatch(self).failure }

  /// L, the number of labels.
  public var labelCount: Int { unary.labelCount }
}

/// The filters of a CRF, to be asked whether they failed when the CRF itself is no longer there.
package struct FilterWatch: Sendable {
  private let filters: [any GaussianFilter]

  package init(_ crf: DenseCRF) { filters = crf.terms.map(\.kernel.filter) }

  /// What kept the first that failed from a sum; `nil` where none did.
  package var failure: (any Error)? { filters.lazy.compactMap(\.failure).first }

  /// - Throws: `failure`.
  package func check() throws {
    if let failure { throw failure }
  }
}
