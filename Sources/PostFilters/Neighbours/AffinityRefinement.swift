import CKernels
import LatticeSupport
import Unaries

/// Rounds of means over neighbours at several distances that have like colours: PAMR and PAR.
///
/// The neighbours of a pixel are the eight around it at each of some dilations; beyond the border
/// the edge repeats. Their weights are a softmax of minus the difference of colours, in units of
/// the spread around the pixel.
public struct AffinityRefinement: ScoreFilter {
  /// Whose weights.
  public enum Form: Sendable, Hashable {
    /// Araslanov & Roth, "Single-stage semantic segmentation from image labels", CVPR 2020, §3.3:
    /// |ΔI| / (0.1·σ), σ over the neighbours and the pixel.
    case pamr
    /// Ru, Zhan, Yu & Du, "Learning affinity from attention", CVPR 2022, §3.3: (ΔI / (0.3·σ))², and
    /// a hundredth of a softmax of positions. Weights sum to 1.01, as in the authors' program: as a
    /// refinement it divides by the sum.
    case par
  }

  /// Whose weights.
  public let form: Form
  /// Distances of the neighbours, in pixels.
  public let dilations: [Int]
  /// Rounds.
  public let iterations: Int

  /// What both papers' programs have.
  public static let usualDilations = [1, 2, 4, 8, 12, 24]

  /// - Parameters:
  ///   - form: whose weights.
  ///   - dilations: distances of the neighbours in pixels, at least 1 each.
  ///   - iterations: rounds, at least 1.
  public init(_ form: Form, dilations: [Int] = usualDilations, iterations: Int = 10) {
    precondition(
      !dilations.isEmpty && dilations.allSatisfy { $0 >= 1 } && iterations >= 1,
      "dilations \(dilations), \(iterations) iterations")
    self.form = form
    self.dilations = dilations
    self.iterations = iterations
  }

  /// What descriptions call it.
  public var name: String {
    (form == .pamr ? "pamr" : "par") + ":dilations="
      + dilations.map(String.init).joined(separator: "x") + ",iterations=\(iterations)"
  }
  /// Each round reaches as far as the largest dilation; weights, too, depend on neighbours.
  public var reach: Reach { .steps((dilations.max() ?? 1) * iterations) }
  /// It follows the image.
  public var needsImage: String? { Guide.need }
  /// The means are over the neighbours that count.
  public var leavesPointsOut: Bool { true }
  /// The weights of PAMR are averages.
  public var keepsDistributions: Bool { form == .pamr }

  private var offsets: [(dy: Int, dx: Int)] {
    let ring = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
    return dilations.flatMap { dilation in
      ring.map { (dy: $0.0 * dilation, dx: $0.1 * dilation) }
    }
  }

  /// What the weights of `par` have on top: a hundredth of a softmax of distances.
  private var positionWeights: [Float] {
    guard form == .par else { return [Float](repeating: 0, count: 8 * dilations.count) }
    let distances = offsets.map { Double($0.dy * $0.dy + $0.dx * $0.dx).squareRoot() }
    let mean = distances.reduce(0, +) / Double(distances.count)
    let squares = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let spread = (squares / Double(distances.count - 1)).squareRoot()
    let exponents = distances.map { distance in
      let ratio = distance / (spread + 1e-8) / 0.3
      return -ratio * ratio
    }
    let peak = exponents.max() ?? 0
    let powers = exponents.map { exponential($0 - peak) }
    let sum = powers.reduce(0, +)
    return powers.map { Float(0.01 * $0 / sum) }
  }

  /// The means; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image, or not one of two axes.
  /// - Complexity: O(N·dilations·(C + L·iterations)), and 4 bytes of memory for each neighbour, up
  ///   to 2 GiB: beyond, weights are found anew in each round.
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let guide = try Guide(scene, for: form == .pamr ? "pamr" : "par")
    let filter = try NeighbourFilter(
      guide, offsets: offsets, border: .edge, filter: form == .pamr ? "pamr" : "par")
    let added = positionWeights
    return filter.apply(to: scores, rounds: iterations, parallelism: parallelism) {
      neighbours, weights in
      let scratch = AlignedBuffer<Double>(
        uninitialized: 2 * neighbours.taps * Int(CK_NEIGHBOUR_BLOCK))
      ck_affinity_weights(
        neighbours, form == .pamr ? dilations.count : 0, form == .pamr ? 0.1 : 0.3, form == .par,
        added, filter.width, weights, scratch.base)
    }
  }
}

extension RefinementKind {
  private static func affinity(
    _ form: AffinityRefinement.Form, name: String, summary: String
  ) -> RefinementKind {
    RefinementKind(
      name: name, summary: summary,
      settings: [
        Setting(
          "dilations", .counts(1...4096), "distances of the neighbours, in pixels",
          default: .counts(AffinityRefinement.usualDilations)),
        Setting("iterations", .count(1...1000), "rounds of means", default: .count(10)),
      ], example: "\(name):dilations=1x2x4,iterations=5"
    ) { settings, _ in
      AffinityRefinement(
        form, dilations: settings.counts("dilations") ?? AffinityRefinement.usualDilations,
        iterations: settings.count("iterations") ?? 10)
    }
  }

  /// Pixel-adaptive mask refinement.
  public static let pamr = affinity(
    .pamr, name: "pamr",
    summary: "means over neighbours of like colours, for weakly supervised segmentation")
  /// Pixel-adaptive refinement.
  public static let par = affinity(
    .par, name: "par", summary: "means over neighbours of like colours and near positions")
}
