import CKernels
import LatticeSupport
import Unaries

/// A refinement that works on probabilities: scores in, scores out.
///
/// As a refinement it filters softmax(−θ) and makes distributions of the result: what is below 0
/// becomes 0, and each row is divided by its sum. Filters whose weights sum to 1 leave sums as they
/// are, so that only what they push below 0 is lost.
public protocol ScoreFilter: Refinement {
  /// Whether it takes averages, so that distributions remain what they are, but for rounding.
  var keepsDistributions: Bool { get }

  /// The filtered scores, neither clamped nor divided by their sums.
  ///
  /// - Parameters:
  ///   - scores: N × C scores over the scene's grid; whoever is their only owner may overwrite
  ///     them.
  ///   - scene: the points, and the image over them.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: N × C scores.
  /// - Throws: `InputError` where the scene has not what the filter needs.
  func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField
}

extension ScoreFilter {
  /// It does not, unless a conformer says otherwise.
  public var keepsDistributions: Bool { false }

  /// Filters probabilities, and makes distributions of the result.
  public func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    let parallelism = request.parallelism.suited(to: energies.values.points * energies.labelCount)
    var report = RefinementReport()
    let marginals = try report.measure(.inference, consuming: energies) { energies in
      let grid = energies.grid
      let scores = energies.marginals(parallelism: parallelism).values
      var filtered = try filter(scores, over: scene, parallelism: parallelism)
      if !keepsDistributions { filtered.makeDistributions(parallelism: parallelism) }
      return Marginals(unchecked: filtered, grid: grid)
    }
    try Cancellation.check()
    return Refined(marginals, report: report)
  }
}

extension ChannelField {
  /// What is below 0 becomes 0, and rows are divided by their sums.
  fileprivate mutating func makeDistributions(parallelism: Parallelism) {
    let (base, stride, channels) = (mutableBase(), stride, channels)
    parallelism.forEachChunk(of: points, grain: 8192) { range in
      ck_normalize_rows(base + range.lowerBound * stride, range.count, stride, channels)
    }
  }
}
