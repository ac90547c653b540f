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

  /// The mean log-probabilities of each segment, with segments numbered anew in ascending order.
  ///
  /// - Parameters:
  ///   - scores: N × C probabilities.
  ///   - parallelism: the threads to use; results do not depend on it.
  /// - Returns: segments × C means, and the row of each point.
  /// - Complexity: O(N·C).
  public func pooled(
    _ scores: ChannelField, parallelism: Parallelism = .automatic
  ) -> (means: ChannelField, rows: [Int]) {
    precondition(
      segments.values.count == scores.points,
      "\(segments.values.count) segments of \(scores.points) points")
    let numbers = Set(segments.values).sorted()
    let row = Dictionary(uniqueKeysWithValues: numbers.enumerated().map { ($1, $0) })
    let rows = segments.values.map { row[$0] ?? 0 }
    var members = [[Int32]](repeating: [], count: numbers.count)
    for (point, row) in rows.enumerated() { members[row].append(Int32(point)) }
    var means = ChannelField(points: max(1, numbers.count), channels: scores.channels)
    let (base, stride) = (means.mutableBase(), means.stride)
    parallelism.forEach(numbers.count) { segment in
      for label in 0..<scores.channels {
        let sum = members[segment].reduce(0.0) {
          $0 + logarithm(max(Double(scores.base[Int($1) * scores.stride + label]), floor))
        }
        base[segment * stride + label] = Float(sum / Double(members[segment].count))
      }
    }
    return (means, rows)
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
    let (means, rows) = pooled(scores, parallelism: parallelism)
    var result = ChannelField(uninitializedPoints: scores.points, channels: scores.channels)
    let (base, stride) = (result.mutableBase(), result.stride)
    let table = means.rows().map { Float(exponential(Double($0))) }
    for (point, row) in rows.enumerated() {
      for label in 0..<scores.channels {
        base[point * stride + label] = table[row * scores.channels + label]
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
