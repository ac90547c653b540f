import LatticeSupport
import Unaries

/// The chance that a walk from a point, which crosses edges of the image seldom, meets each label's
/// seeds first.
///
/// Grady, "Random walks for image segmentation", TPAMI 28 (2006), with the weights of scikit-image:
/// w = exp(−β·‖ΔI‖² / (10·s)) + 1e-10 for neighbours along the axes, levels of 0…1, s their
/// standard deviation, times √C for C > 1 channels. Solved directly in float64. As a refinement,
/// points whose likeliest label is likely enough are its seeds; labels without a seed get 0, and
/// where no seed can be met scores stay as they are.
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
  /// No walk passes points that are left out, nor do they count in the spread of levels.
  public var leavesPointsOut: Bool { true }

  /// The chances; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where there is no image, or seeds are not those of its points and
  ///   labels.
  /// - Complexity: what a sparse system of the points without a seed takes.
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    switch seeds {
    case .confident(let least):
      let seeds = (0..<scores.points).map { point in
        var best = 0
        for label in 1..<max(1, scores.channels) where scores[point, label] > scores[point, best] {
          best = label
        }
        return Double(scores[point, best]) >= least && scene.mask.counts(point) ? best : -1
      }
      return try chances(of: seeds, scores, over: scene, parallelism: parallelism)
    case .labels(let seeds):
      guard seeds.count == scores.points, seeds.allSatisfy({ $0 < scores.channels }) else {
        throw InputError(
          .data,
          "\(seeds.count) seeds of labels up to \(seeds.max() ?? 0) do not fit scores of "
            + "\(scores.channels) labels at \(scores.points) points")
      }
      return try chances(of: seeds, scores, over: scene, parallelism: parallelism)
    }
  }

  private func chances(
    of seeds: [Int], _ scores: ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    let guide = try Guide(scene, for: "a random walker")
    guard seeds.contains(where: { $0 >= 0 }) else { return scores }
    let labelCount = scores.channels
    let pairs = weightedPairs(guide)
    let meetsSeed = self.meetsSeed(seeds, pairs, scene.mask)
    // Points without a seed are numbered.
    var number = [Int32](repeating: -1, count: seeds.count)
    var count: Int32 = 0
    for point in seeds.indices where seeds[point] < 0 && meetsSeed[point] {
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
      if !meetsSeed[point] {
        (base + point * stride).update(from: scores.base + point * stride, count: stride)
      } else if seeds[point] >= 0 {
        base[point * stride + seeds[point]] = 1
      } else {
        for label in 0..<labelCount {
          base[point * stride + label] = Float(sides[label][Int(number[point])])
        }
      }
    }
    return result
  }

  /// Whether a walk from each point can meet a seed: always, but for points that are left out and
  /// those that they part from all seeds.
  private func meetsSeed(
    _ seeds: [Int], _ pairs: [SparseSystem.Edge], _ mask: PointMask?
  ) -> [Bool] {
    guard let mask else { return [Bool](repeating: true, count: seeds.count) }
    let parts = SparseSystem.parts(
      of: seeds.count, joinedBy: pairs.lazy.map { (first: $0.first, second: $0.second) })
    var hasSeed = [Bool](repeating: false, count: seeds.count)
    for point in seeds.indices where seeds[point] >= 0 { hasSeed[parts[point]] = true }
    return seeds.indices.map { mask.isCounted[$0] && hasSeed[parts[$0]] }
  }

  /// Neighbours along all axes that count, and their weights.
  private func weightedPairs(_ guide: Guide) -> [SparseSystem.Edge] {
    let (grid, channels) = (guide.grid, guide.channels)
    let levels =
      guide.mask.map { mask in
        mask.points.flatMap { guide.levels[$0 * channels..<($0 + 1) * channels] }
      } ?? guide.levels
    let count = Double(max(1, levels.count))
    let mean = levels.reduce(0.0) { $0 + Double($1) } / count
    let squares = levels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    let spread = (squares / count).squareRoot() / 255 * Double(channels).squareRoot()
    let isConstant = levels.allSatisfy { $0 == levels[0] }
    let slope = isConstant ? 0 : -beta / (10 * spread) / (255 * 255)
    return (0..<grid.rank).flatMap { axis -> [SparseSystem.Edge] in
      let step = grid.extents[(axis + 1)...].reduce(1, *)
      return (0..<grid.count).compactMap { point in
        guard point / step % grid.extents[axis] + 1 < grid.extents[axis] else { return nil }
        let other = point + step
        guard guide.mask.counts(point), guide.mask.counts(other) else { return nil }
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
