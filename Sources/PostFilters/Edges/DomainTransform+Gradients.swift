import LatticeSupport
import Unaries

extension DomainTransform {
  /// What a loss of an edge map's domain transform changes with.
  public struct Gradients: Sendable {
    /// ∂/∂ of the scores, N × C.
    public var scores: ChannelField
    /// ∂/∂ of the edge map, N values.
    public var edges: [Float]
    /// ∂/∂σs.
    public var sigmaSpatial: Double
    /// ∂/∂σc.
    public var sigmaColor: Double
  }

  /// The gradients of a loss by the scores, the edge map and both σ, by reverse mode through all
  /// passes of the recursion (Chen et al. 2016, equations 8 and 9).
  ///
  /// - Parameters:
  ///   - scores: N × C scores that were filtered.
  ///   - grid: N points.
  ///   - upstream: N × C, the gradient with respect to what `filter` gave.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × C and N values. The edges before the first points of lines change nothing.
  /// - Throws: `InputError` where the map does not fit the grid.
  /// - Complexity: O(N·C·rank·iterations). Memory for what each pass gave, of 8 channels at a time:
  ///   (2·rank·iterations + 1)·8·N floats.
  public func gradients(
    of scores: ChannelField, on grid: GridShape, upstream: ChannelField,
    parallelism: Parallelism = .automatic
  ) throws -> Gradients {
    guard case .map(let map) = edges else {
      preconditionFailure("gradients are those of a recursion over an edge map")
    }
    _ = try links(over: Scene(grid: grid), parallelism: parallelism)
    return gradients(
      of: scores, edges: map.values, on: grid, upstream: upstream, parallelism: parallelism)
  }

  /// The same over a map that is known to fit.
  package func gradients(
    of scores: ChannelField, edges map: [Float], on grid: GridShape, upstream: ChannelField,
    parallelism: Parallelism
  ) -> Gradients {
    precondition(mode == .recursive, "gradients are those of a recursion over an edge map")
    precondition(
      scores.points == grid.count && upstream.points == grid.count
        && scores.channels == upstream.channels,
      "\(upstream.points) × \(upstream.channels) gradients of \(scores.points) scores")
    let rounds = sigmas.map { sigma in
      let (offset, slope) = exponents(sigma)
      return RecursionReverse.Round(offset: offset, slope: slope)
    }
    var reverse = RecursionReverse(
      rounds, grid: grid, links: GridLinks(map, over: grid, mask: nil),
      lanes: min(8, scores.stride),
      parallelism: parallelism)
    let byScores = reverse.gradient(of: scores, upstream: upstream, parallelism: parallelism)
    // w = exp(offset + slope·e) with offset = −√2/σₖ and slope = offset·σs/σc: σₖ is σs times a
    // number, so that the slope knows σc alone.
    var (spatial, color) = (0.0, 0.0)
    for (round, sum) in zip(rounds, reverse.weightSums) { spatial -= Double(round.offset) * sum }
    for (edge, slope) in zip(map, reverse.linkGradients) { color -= Double(edge) * slope }
    return Gradients(
      scores: byScores, edges: reverse.linkGradients.map { Float($0) },
      sigmaSpatial: spatial / sigmaSpatial, sigmaColor: color / sigmaColor)
  }

  /// The smoothed scores over an edge map that is known to fit.
  package func filter(
    _ scores: consuming ChannelField, edges map: [Float], on grid: GridShape,
    parallelism: Parallelism
  ) -> ChannelField {
    precondition(mode == .recursive, "an edge map without a recursion")
    return smooth(
      scores, over: grid, GridLinks(map, over: grid, mask: nil), parallelism: parallelism)
  }
}
