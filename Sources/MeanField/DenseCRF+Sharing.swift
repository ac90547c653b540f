import LatticeSupport
import Unaries

// Building filters is a good part of the work where many settings are tried on one image; these
// share what is built.
extension DenseCRF {
  /// This CRF with the terms of `other` after its own; all filters are shared.
  ///
  /// - Parameter other: over the same scene, with any energies: this CRF's are kept.
  /// - Complexity: O(1).
  public func joined(with other: DenseCRF) -> DenseCRF {
    precondition(
      other.unary.grid == unary.grid && other.labelCount == labelCount,
      "a CRF of \(labelCount) labels over \(unary.grid) cannot take terms of one of "
        + "\(other.labelCount) labels over \(other.unary.grid)")
    return DenseCRF(unary: unary, terms: terms + other.terms, parallelism: parallelism)
  }

  /// This CRF with the compatibility of every term, whatever it is, multiplied by a weight; all
  /// filters are shared.
  ///
  /// A Potts term that was made with weight 1 has the given weight then. The weights of a CRF that
  /// is reweighted twice are the products.
  ///
  /// - Parameter weights: one per term, in their order.
  /// - Complexity: O(L) with Potts and diagonal compatibilities, O(L²) with matrices.
  public func reweighted(_ weights: [Float]) -> DenseCRF {
    precondition(
      weights.count == terms.count, "\(weights.count) weights for \(terms.count) terms")
    return DenseCRF(
      unary: unary, terms: zip(terms, weights).map { $0.weighted(by: $1) },
      parallelism: parallelism)
  }

  /// The marginals of this CRF for many weightings of its terms, one inference after another in the
  /// same memory.
  ///
  /// They share the filters, and what the first update passes on: softmax(−θ) has no weights. The
  /// values are those of `reweighted(_:)` and `marginals(iterations:)`.
  ///
  /// - Parameters:
  ///   - weightings: for each inference, one weight per term, as `reweighted(_:)` takes them.
  ///   - iterations: after which updates to look at the marginals: ascending, at least one, each at
  ///     least 1.
  ///   - solver: how mean field is solved; other ones than `parallel` share the filters alone.
  ///   - body: gets the marginals, with the places of their weights in `weightings` and of their
  ///     updates in `iterations`.
  /// - Complexity: O(weightings · iterations · N · (d·L + L)) with the lattice.
  public func infer(
    weightings: [[Float]], observing iterations: [Int], solver: Solver = .parallel,
    _ body: (_ marginals: Marginals, _ weighting: Int, _ iteration: Int) throws -> Void
  ) rethrows {
    precondition(
      iterations.first ?? 0 >= 1 && zip(iterations, iterations.dropFirst()).allSatisfy(<),
      "iterations \(iterations) do not ascend from 1")
    let crfs = weightings.map { reweighted($0) }
    guard let first = crfs.first else { return }
    guard solver == .parallel else {
      for (weighting, crf) in crfs.enumerated() {
        let inference = Inference(
          crf, engine: crf.makeEngine(solver, evaluates: false),
          options: InferenceOptions(iterations: iterations[iterations.count - 1], solver: solver),
          evaluates: false)
        for (place, last) in iterations.enumerated() {
          while inference.iteration < last { inference.step() }
          try body(inference.marginals, weighting, place)
        }
      }
      return
    }
    let energies = unary.values
    var engine = first.makeEngine()
    let carriesMarginals = type(of: engine).carriesMarginals
    if carriesMarginals {
      engine.start(energies)
      engine.keepStart()
    }
    var marginals = Marginals(
      unchecked: ChannelField(uninitializedPoints: energies.points, channels: energies.channels),
      grid: unary.grid)
    for (weighting, crf) in crfs.enumerated() {
      if carriesMarginals {
        engine.restart(with: crf)
      } else {
        engine = crf.makeEngine()
        engine.start(energies, into: &marginals.values)
      }
      for update in 1...iterations[iterations.count - 1] {
        let place = iterations.firstIndex(of: update)
        guard place != nil || !carriesMarginals else {
          engine.step(energies)
          continue
        }
        _ = engine.step(
          energies, into: &marginals.values,
          UpdateRequest(measuresChange: false, isLast: place == iterations.count - 1))
        if let place { try body(marginals, weighting, place) }
      }
    }
  }
}
