import LatticeSupport
import Unaries

/// One distribution for each segment of the image: the mean of its points' log-probabilities.
///
/// Segments come from outside, as superpixels (SLIC and others) do: a number for each point.
public struct Superpixels: ScoreFilter {
  /// The segment of each point; any whole numbers from 0 on.
  public let segments: NumericArray
  /// Smaller probabilities are raised to it before the logarithm, so that one point does not rule a
  /// label out for all.
  public let floor: Double

  /// - Parameters:
  ///   - segments: one whole number for each point, from 0 on.
  ///   - floor: above 0 and below 1.
  /// - Throws: `InputError` where a segment has no such number.
  public init(_ segments: NumericArray, floor: Double = 1e-5) throws {
    precondition(floor > 0 && floor < 1, "a floor of \(floor)")
    // What float32 has no gaps for.
    if let value = segments.values.first(where: {
      !(0...16_777_216).contains($0) || $0 != $0.rounded()
    }) {
      throw InputError(
        .data, "segments hold \(value)",
        remedy: "segments are numbered by whole numbers from 0 to 16777216")
    }
    self.segments = segments
    self.floor = floor
  }

  /// What descriptions call it.
  public var name: String { "superpixels:floor=\(floor.shortText)" }
  /// Segments lie over the whole scene.
  public var reach: Reach { .everywhere }
  /// The means are those of the points that count.
  public var leavesPointsOut: Bool { true }

  /// The mean log-probabilities of each segment, with segments numbered anew in ascending order.
  ///
  /// - Parameters:
  ///   - scores: N × C probabilities.
  ///   - mask: the points that the means are of; `nil` for all. A segment without any has zeros.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: segments × C means, and the row of each point.
  /// - Complexity: O(N·C).
  public func pooled(
    _ scores: ChannelField, mask: PointMask? = nil, parallelism: Parallelism = .automatic
  ) -> (means: ChannelField, rows: [Int]) {
    precondition(
      segments.values.count == scores.points,
      "\(segments.values.count) segments of \(scores.points) points")
    let (rows, count) = numberedAnew()
    // The points of each segment, one segment after the other.
    var first = [Int](repeating: 0, count: count + 1)
    for row in rows { first[row + 1] += 1 }
    for row in 0..<count { first[row + 1] += first[row] }
    var next = first
    var members = [Int32](repeating: 0, count: rows.count)
    for (point, row) in rows.enumerated() {
      members[next[row]] = Int32(point)
      next[row] += 1
    }
    var means = ChannelField(points: max(1, count), channels: scores.channels)
    let (base, stride, channels) = (means.mutableBase(), means.stride, scores.channels)
    parallelism.forEach(count) { segment in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: channels) { sums in
        sums.update(repeating: 0)
        let points = members[first[segment]..<first[segment + 1]]
        var counted = 0
        for point in points {
          guard mask.counts(Int(point)) else { continue }
          counted += 1
          let row = scores.base + Int(point) * scores.stride
          for label in 0..<channels { sums[label] += logarithm(max(Double(row[label]), floor)) }
        }
        for label in 0..<channels {
          base[segment * stride + label] = Float(sums[label] / Double(max(1, counted)))
        }
      }
    }
    return (means, rows)
  }

  /// The segment of each point with segments numbered in ascending order, and how many there are.
  private func numberedAnew() -> (rows: [Int], count: Int) {
    var numbers = [Int](repeating: -1, count: Int(segments.values.max() ?? -1) + 1)
    for value in segments.values { numbers[Int(value)] = 0 }
    var count = 0
    for value in numbers.indices where numbers[value] == 0 {
      numbers[value] = count
      count += 1
    }
    return (segments.values.map { numbers[Int($0)] }, count)
  }

  /// The geometric mean of each point's segment; see `ScoreFilter`.
  ///
  /// - Throws: `InputError` where segments do not lie on the scene's grid.
  /// - Complexity: O(N·C).
  public func filter(
    _ scores: consuming ChannelField, over scene: Scene, parallelism: Parallelism
  ) throws -> ChannelField {
    guard segments.shape == scene.grid.extents else {
      throw InputError(
        .data, "segments of shape \(segments.shape) do not fit scores on \(scene.grid.extents)",
        remedy: "give one number for each point of the scores")
    }
    let (means, rows) = pooled(scores, mask: scene.mask, parallelism: parallelism)
    var result = ChannelField(uninitializedPoints: scores.points, channels: scores.channels)
    let (base, stride) = (result.mutableBase(), result.stride)
    let table = means.rows().map { Float(exponential(Double($0))) }
    let channels = scores.channels
    parallelism.forEachChunk(of: rows.count, grain: 1 << 12) { block in
      for point in block {
        guard scene.mask.counts(point) else {
          (base + point * stride).update(from: scores.base + point * stride, count: stride)
          continue
        }
        for label in 0..<channels {
          base[point * stride + label] = table[rows[point] * channels + label]
        }
      }
    }
    return result
  }
}

extension RefinementKind {
  /// One distribution for each segment of the image.
  public static let superpixels = RefinementKind(
    name: "superpixels", summary: "the mean log-probabilities of each segment of a map",
    settings: [
      Setting("segments", .array, "a number for each pixel, as superpixels have them"),
      Setting(
        "floor", .number(.between(0, 1)), "the least probability that a pixel counts with",
        default: .number(1e-5)),
    ], example: "superpixels:segments=slic.npy"
  ) { settings, context in
    guard let array = settings.array("segments") else { preconditionFailure("no segments") }
    return try Superpixels(context.array(array), floor: settings.number("floor") ?? 1e-5)
  }
}
