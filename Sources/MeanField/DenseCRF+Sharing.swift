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

  /// This CRF with Potts compatibilities of other weights in place of its terms' own; all filters
  /// are shared.
  ///
  /// - Parameter weights: one a term, in their order.
  /// - Complexity: O(L).
  public func reweighted(_ weights: [Float]) -> DenseCRF {
    precondition(
      weights.count == terms.count, "\(weights.count) weights for \(terms.count) terms")
    return DenseCRF(
      unary: unary,
      terms: zip(terms, weights).map { $0.weighted($1, labelCount: labelCount) },
      parallelism: parallelism)
  }

  /// The marginals of this CRF with other Potts weights, one inference after another in the same
  /// memory.
  ///
  /// They share the filters, and what the first update passes on: softmax(−θ) has no weights. The
  /// values are those of `reweighted(_:)` and `marginals(iterations:)`.
  ///
  /// - Parameters:
  ///   - weightings: for each inference, one weight a term.
  ///   - iterations: after which updates to look at the marginals: ascending, at least one, each at
  ///     least 1.
  ///   - body: gets the marginals, with the places of their weights in `weightings` and of their
  ///     updates in `iterations`.
  /// - Complexity: O(weightings · iterations · N · (d·L + L)) with the lattice.
  public func solve(
    weightings: [[Float]], iterations: [Int],
    _ body: (_ marginals: Marginals, _ weighting: Int, _ iteration: Int) throws -> Void
  ) rethrows {
    precondition(
      iterations.first ?? 0 >= 1 && zip(iterations, iterations.dropFirst()).allSatisfy(<),
      "iterations \(iterations) do not ascend from 1")
    let crfs = weightings.map { reweighted($0) }
    guard let first = crfs.first, var sweep = FusedSweep(first) else {
      for (weighting, crf) in crfs.enumerated() {
        let inference = crf.startInference()
        for (place, count) in iterations.enumerated() {
          while inference.iteration < count { inference.step() }
          try body(inference.marginals, weighting, place)
        }
      }
      return
    }
    let (energies, stride) = (unary.values, unary.values.stride)
    var marginals = Marginals(
      grid: unary.grid,
      values: ChannelField(uninitializedPoints: energies.points, channels: energies.channels))
    _ = sweep.sweep(
      unary: energies.base, stride: stride, .init(gathers: false, spreads: true), marginals: nil)
    sweep.keepRows()
    for (weighting, crf) in crfs.enumerated() {
      sweep.restart(with: crf)
      for update in 1...iterations[iterations.count - 1] {
        let place = iterations.firstIndex(of: update)
        let isLast = update == iterations[iterations.count - 1]
        _ = sweep.sweep(
          unary: energies.base, stride: stride, .init(gathers: true, spreads: !isLast),
          marginals: place == nil ? nil : marginals.values.mutableBase())
        if let place { try body(marginals, weighting, place) }
      }
    }
  }
}
