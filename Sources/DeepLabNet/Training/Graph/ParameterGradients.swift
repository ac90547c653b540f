import CKernels
import LatticeSupport

/// How a loss changes with each of a network's parameters, summed over passes.
package struct ParameterGradients: Sendable {
  /// For each parameter of the network, in its order; `nil` where nothing has been found, or is
  /// wanted.
  package private(set) var values: [ParameterValues?]

  /// Nothing yet for `count` parameters.
  package init(count: Int) {
    values = [ParameterValues?](repeating: nil, count: count)
  }

  /// Adds a layer's gradients.
  ///
  /// - Parameters:
  ///   - found: one for each of the layer's parameters.
  ///   - places: where these stand among the network's.
  ///   - isLearned: for each of the network's parameters, whether its gradient is wanted.
  ///   - parallelism: the threads to use.
  mutating func add(
    _ found: [ParameterValues?], _ places: [Int], _ isLearned: [Bool], _ parallelism: Parallelism
  ) {
    for (place, gradient) in zip(places, found) where isLearned[place] {
      guard let gradient else { continue }
      guard let sum = values[place] else {
        values[place] = gradient
        continue
      }
      let (to, from) = (sum.storage, gradient.storage)
      parallelism.forEachPiece(ofValues: sum.count) { range in
        let start = range.lowerBound
        ck_add(to.base + start, from.base + start, range.count, to.base + start)
      }
    }
  }
}
