import LatticeSupport
import Unaries

/// The chance that a walk from a point, which crosses edges of the image seldom, meets each label's
/// seeds first.
///
/// Grady, "Random walks for image segmentation", TPAMI 28 (2006), with the weights of scikit-image:
/// w = exp(−β·‖ΔI‖² / (10·s)) + 1e-10 for neighbours along the axes, levels of 0…1, s their
/// standard deviation, times √C for C > 1 channels. Solved directly in float64. As a refinement,
/// points whose likeliest label is likely enough are its seeds; labels without a seed get 0, and
/// without any seed scores stay as they are.
public struct RandomWalker: ScoreFilter {
  /// Where seeds come from.
  public enum Seeds: Sendable, Equatable {
    /// Points whose largest probability is at least this.
    case confident(Double)
    /// The label of each point; −1 where it is unknown.
    case labels([Int])
  }

  /// β, at least 0.
  public let beta: Double
  /// Where seeds come from.
  public let seeds: Seeds

  /// - Parameters:
  ///   - beta: at least 0.
  ///   - seeds: where seeds come from.
  public init(beta: Double = 130, seeds: Seeds) {
    precondition(beta >= 0 && beta.isFinite, "β = \(beta)")
    self.beta = beta
    self.seeds = seeds
  }

  /// What descriptions call it.
  public var name: String {
    switch seeds {
    case .confident(let least):
      "random-walker:beta=\(beta.shortText),confidence=\(least.shortText)"
    case .labels: "random-walker:beta=\(beta.shortText) from seeds"
    }
  }
  /// Walks end at seeds, however far away.
  public var reach: Reach { .everywhere }
  /// It follows the image.
  public var needsImage: String? { Guide.need }

  /// The chances; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image, or seeds are not those of its points and
  ///   labels.
  /// - Complexity: what a sparse system of the points without a seed takes.
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let labelCount = scores.channels
    switch seeds {
    case .confident(let least):
      let seeds = (0..<scores.points).map { point in
        var best = 0
        for label in 1..<max(1, labelCount) where scores[point, label] > scores[point, best] {
          best = label
        }
        return Double(scores[point, best]) >= least ? best : -1
      }
      guard seeds.contains(where: { $0 >= 0 }) else { return scores }
      return try chances(of: seeds, labelCount: labelCount, over: scene, parallelism: parallelism)
    case .labels(let seeds):
      guard seeds.count == scores.points, seeds.allSatisfy({ $0 < labelCount }) else {
        throw InputError(
          .data,
          "\(seeds.count) seeds of labels up to \(seeds.max() ?? 0) do not fit scores of "
            + "\(labelCount) labels at \(scores.points) points")
      }
      guard seeds.contains(where: { $0 >= 0 }) else { return scores }
      return try chances(of: seeds, labelCount: labelCount, over: scene, parallelism: parallelism)
    }
  }

  private func chances(
    of seeds: [Int], labelCount: Int, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let guide = try Guide(scene, for: "a random walker")
    let pairs = weightedPairs(guide)
    // Points without a seed are numbered.
    var number = [Int32](repeating: -1, count: seeds.count)
    var count: Int32 = 0
    for point in seeds.indices where seeds[point] < 0 {
      number[point] = count
      count += 1
    }
    var diagonal = [Double](repeating: 0, count: Int(count))
    var sides = [[Double]](repeating: diagonal, count: labelCount)
    var edges: [SparseSystem.Edge] = []
    for pair in pairs {
      let (first, second) = (Int(pair.first), Int(pair.second))
      for (own, other) in [(first, second), (second, first)] where number[own] >= 0 {
        diagonal[Int(number[own])] += pair.weight
        if seeds[other] >= 0 { sides[seeds[other]][Int(number[own])] += pair.weight }
      }
      if number[first] >= 0, number[second] >= 0 {
        edges.append(.init(first: number[first], second: number[second], weight: pair.weight))
      }
    }
    try SparseSystem(diagonal: diagonal, edges: edges).solve(&sides, parallelism: parallelism)
    var result = ChannelField(points: seeds.count, channels: labelCount)
    let (base, stride) = (result.mutableBase(), result.stride)
    for point in seeds.indices {
      if seeds[point] >= 0 {
        base[point * stride + seeds[point]] = 1
      } else {
        for label in 0..<labelCount {
          base[point * stride + label] = Float(sides[label][Int(number[point])])
        }
      }
    }
    return result
  }

  /// Neighbours along all axes, and their weights.
  private func weightedPairs(_ guide: Guide) -> [SparseSystem.Edge] {
    let (grid, channels) = (guide.grid, guide.channels)
    let count = Double(guide.levels.count)
    let mean = guide.levels.reduce(0.0) { $0 + Double($1) } / count
    let squares = guide.levels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    let spread = (squares / count).squareRoot() / 255 * Double(channels).squareRoot()
    let isConstant = guide.levels.allSatisfy { $0 == guide.levels[0] }
    let slope = isConstant ? 0 : -beta / (10 * spread) / (255 * 255)
    return (0..<grid.rank).flatMap { axis -> [SparseSystem.Edge] in
      let step = grid.extents[(axis + 1)...].reduce(1, *)
      return (0..<grid.count).compactMap { point in
        guard point / step % grid.extents[axis] + 1 < grid.extents[axis] else { return nil }
        let other = point + step
        let distance = (0..<channels).reduce(0.0) {
          let difference =
            Double(guide.levels[point * channels + $1])
            - Double(guide.levels[other * channels + $1])
          return $0 + difference * difference
        }
        return SparseSystem.Edge(
          first: Int32(point), second: Int32(other), weight: exponential(slope * distance) + 1e-10)
      }
    }
  }
}

extension RefinementKind {
  /// Random walks to confident points.
  public static let randomWalker = RefinementKind(
    name: "random-walker", summary: "labels of confident pixels, carried on by random walks",
    settings: [
      Setting(
        "beta", .number(.atLeast(0)), "how seldom walks cross edges", default: .number(130)),
      Setting(
        "confidence", .number(.closed(0...1)), "the least probability that makes a pixel a seed",
        default: .number(0.95)),
      Setting(
        "seeds", .array, "a label for each pixel in place of 'confidence', 255 where unknown",
        default: nil),
    ], example: "random-walker:beta=130,confidence=0.6"
  ) { settings, context in
    let map = try settings.array("seeds").map { try context.array($0) }
    let seeds = try map.map { map in
      try map.values.map { value in
        guard let label = UInt8(exactly: value) else {
          throw InputError(.data, "seeds hold \(value), which is not a label of 0 to 255")
        }
        return label == UInt8(Palette.voidLabel) ? -1 : Int(label)
      }
    }
    return RandomWalker(
      beta: settings.number("beta") ?? 130,
      seeds: seeds.map { .labels($0) } ?? .confident(settings.number("confidence") ?? 0.95))
  }
}
