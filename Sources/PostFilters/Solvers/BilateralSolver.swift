import LatticeSupport
import Unaries

/// Scores that are alike where positions and colours are, and near those given where they are
/// trusted.
///
/// Barron & Poole, "The fast bilateral solver", ECCV 2016, equations 6 to 9, with a hard splat:
/// least squares over the occupied cells of a grid of positions, brightness and colour, solved
/// directly in float64. Points of a cell get the same scores. Results stay within the range of the
/// scores, and a constant stays one. A connected part of the grid without any confidence has no
/// solution of its own, and keeps its scores.
public struct BilateralSolver: ScoreFilter {
  /// How far scores are trusted, 0…1 at each point.
  public enum Confidence: Sendable, Equatable {
    /// The largest probability.
    case max
    /// 1 − H / ln L, H the entropy of the probabilities.
    case entropy
    /// A map with the shape of the grid.
    case map(NumericArray)
  }

  /// λ, what smoothness counts; above 0.
  public let lambda: Double
  /// The sides of cells: positions in grid steps, brightness and colour in levels.
  public let sigmaSpatial: Double
  /// See `sigmaSpatial`.
  public let sigmaLuma: Double
  /// See `sigmaSpatial`; gray images have none.
  public let sigmaChroma: Double
  /// How far scores are trusted.
  public let confidence: Confidence

  /// The least side of a cell that descriptions can ask for: each pixel and level has its own long
  /// before.
  public static let leastSide = 0.01

  /// Rounds that make the smoothing weights of every cell sum to its points.
  private static let balancingRounds = 10

  /// - Parameters:
  ///   - lambda: above 0.
  ///   - sigmaSpatial: above 0, in grid steps.
  ///   - sigmaLuma: above 0, in levels.
  ///   - sigmaChroma: above 0, in levels.
  ///   - confidence: how far scores are trusted.
  public init(
    lambda: Double, sigmaSpatial: Double, sigmaLuma: Double, sigmaChroma: Double,
    confidence: Confidence = .max
  ) {
    precondition(
      [lambda, sigmaSpatial, sigmaLuma, sigmaChroma].allSatisfy { $0 > 0 && $0.isFinite },
      "λ = \(lambda), σ = \(sigmaSpatial), \(sigmaLuma) and \(sigmaChroma)")
    self.lambda = lambda
    self.sigmaSpatial = sigmaSpatial
    self.sigmaLuma = sigmaLuma
    self.sigmaChroma = sigmaChroma
    self.confidence = confidence
  }

  /// What descriptions call it.
  public var name: String {
    let trusted =
      switch confidence {
      case .max: "max"
      case .entropy: "entropy"
      case .map: "map"
      }
    return "bilateral-solver:lambda=\(lambda.shortText),spatial=\(sigmaSpatial.shortText),"
      + "luma=\(sigmaLuma.shortText),chroma=\(sigmaChroma.shortText),confidence=\(trusted)"
  }
  /// Every point depends on all that are connected with it.
  public var reach: Reach { .everywhere }
  /// It follows the image.
  public var needsImage: String? { Guide.need }
  /// Points that are left out are in no cell.
  public var leavesPointsOut: Bool { true }

  /// The solution; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image in gray or colour, or a map does not fit.
  /// - Complexity: O(N·(rank + L)) and what a sparse system of the occupied cells takes.
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let grid = try BilateralGrid(
      scene, sigmaSpatial: sigmaSpatial, sigmaLuma: sigmaLuma, sigmaChroma: sigmaChroma)
    let trusted = try confidences(scores, scene.grid)
    let (weights, scales, sizes) = balanced(grid)
    // A = λ·(diag(sizes) − scales·B·scales) + diag(confidences of a cell's points).
    var held = [Double](repeating: 0, count: grid.count)
    for (point, cell) in grid.cells.enumerated() where cell >= 0 {
      held[Int(cell)] += trusted[point]
    }
    let parts = grid.parts
    var partHeld = [Double](repeating: 0, count: grid.count)
    for cell in 0..<grid.count { partHeld[parts[cell]] += held[cell] }
    // Cells of parts that something holds are numbered anew.
    var number = [Int32](repeating: -1, count: grid.count)
    var diagonal: [Double] = []
    for cell in 0..<grid.count where partHeld[parts[cell]] > 0 {
      number[cell] = Int32(diagonal.count)
      let own = Double(2 * grid.dimensions) * scales[cell] * scales[cell]
      diagonal.append(lambda * (sizes[cell] - own) + held[cell])
    }
    let edges = zip(grid.neighbours, weights).compactMap { pair, weight -> SparseSystem.Edge? in
      let (first, second) = (number[Int(pair.first)], number[Int(pair.second)])
      return first < 0
        ? nil : SparseSystem.Edge(first: first, second: second, weight: lambda * weight)
    }
    let labels = scores.channels
    var sides = [[Double]](
      repeating: [Double](repeating: 0, count: diagonal.count), count: labels)
    for (point, cell) in grid.cells.enumerated() where cell >= 0 {
      let place = Int(number[Int(cell)])
      guard place >= 0 else { continue }
      let row = scores.base + point * scores.stride
      for label in 0..<labels { sides[label][place] += trusted[point] * Double(row[label]) }
    }
    try SparseSystem(diagonal: diagonal, edges: edges).solve(&sides, parallelism: parallelism)
    var result = scores
    let (base, stride) = (result.mutableBase(), result.stride)
    for (point, cell) in grid.cells.enumerated() where cell >= 0 {
      let place = Int(number[Int(cell)])
      guard place >= 0 else { continue }
      for label in 0..<labels { base[point * stride + label] = Float(sides[label][place]) }
    }
    return result
  }

  private func confidences(_ scores: ChannelField, _ grid: GridShape) throws -> [Double] {
    switch confidence {
    case .max:
      return (0..<scores.points).map { point in
        (0..<scores.channels).reduce(0) { Swift.max($0, Double(scores[point, $1])) }
      }
    case .entropy:
      guard scores.channels > 1 else { return [Double](repeating: 1, count: scores.points) }
      let most = logarithm(Double(scores.channels))
      return (0..<scores.points).map { point in
        let entropy = (0..<scores.channels).reduce(0.0) {
          let p = Double(scores[point, $1])
          return p > 0 ? $0 - p * logarithm(p) : $0
        }
        return Swift.max(0, 1 - entropy / most)
      }
    case .map(let map):
      guard map.shape == grid.extents else {
        throw InputError(
          .data, "confidences of shape \(map.shape) do not fit scores on \(grid.extents)",
          remedy: "give one value for each point of the scores")
      }
      if let index = map.values.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw InputError(
          .data, "the confidence at \(grid.position(of: index)) is \(map.values[index])",
          remedy: "confidences lie in 0…1")
      }
      return map.values.map(Double.init)
    }
  }

  /// Scales n of cells by which n·B·n has rows that sum to the cells' points, all but: then those
  /// sums, which take the points' place, and the weight of each pair of neighbours.
  private func balanced(
    _ grid: BilateralGrid
  ) -> (weights: [Double], scales: [Double], sizes: [Double]) {
    var sizes = [Double](repeating: 0, count: grid.count)
    for cell in grid.cells where cell >= 0 { sizes[Int(cell)] += 1 }
    var scales = [Double](repeating: 1, count: grid.count)
    func blurred() -> [Double] {
      var sums = scales.map { Double(2 * grid.dimensions) * $0 }
      for pair in grid.neighbours {
        sums[Int(pair.first)] += scales[Int(pair.second)]
        sums[Int(pair.second)] += scales[Int(pair.first)]
      }
      return sums
    }
    for _ in 0..<Self.balancingRounds {
      let sums = blurred()
      for cell in scales.indices {
        scales[cell] = (scales[cell] * sizes[cell] / sums[cell]).squareRoot()
      }
    }
    let sums = blurred()
    sizes = scales.indices.map { scales[$0] * sums[$0] }
    return (
      grid.neighbours.map { scales[Int($0.first)] * scales[Int($0.second)] }, scales, sizes
    )
  }
}

extension RefinementKind {
  /// Least squares over a grid of positions and colours.
  public static let bilateralSolver = RefinementKind(
    name: "bilateral-solver",
    summary: "scores alike where positions and colours are, near those that are trusted",
    settings: [
      Setting(
        "lambda", .number(.closed(1e-9...1e12)), "how much smoothness counts beside the scores",
        default: .number(128)),
      Setting(
        "spatial", .number(.atLeast(BilateralSolver.leastSide)), "sides of cells, in pixels",
        default: .number(8)),
      Setting(
        "luma", .number(.atLeast(BilateralSolver.leastSide)),
        "sides of cells in brightness, of 0 to 255", default: .number(4)
      ),
      Setting(
        "chroma", .number(.atLeast(BilateralSolver.leastSide)),
        "sides of cells in colour, of 0 to 255", default: .number(4)),
      Setting(
        "confidence", .choice(["max", "entropy"]),
        "whether the largest probability or the entropy tells how far a pixel is trusted",
        default: .choice("max")),
      Setting(
        "confidences", .array, "a map of 0 to 1 in place of 'confidence'", default: nil),
    ], example: "bilateral-solver:lambda=128,spatial=8,luma=4,chroma=4"
  ) { settings, context in
    let map = try settings.array("confidences").map { try context.array($0) }
    return BilateralSolver(
      lambda: settings.number("lambda") ?? 128, sigmaSpatial: settings.number("spatial") ?? 8,
      sigmaLuma: settings.number("luma") ?? 4, sigmaChroma: settings.number("chroma") ?? 4,
      confidence: map.map { .map($0) }
        ?? (settings.text("confidence") == "entropy" ? .entropy : .max))
  }
}
