import LatticeSupport
import Unaries

/// Another refinement's answer near boundaries, and the scores' own elsewhere.
///
/// A point is near a boundary where the nearest point of another label, of the labels that the
/// scores have, is at most `width` away: Euclidean distances between the centres of points, so that
/// 1 takes one point on either side.
public struct Band: Refinement {
  /// In steps of the grid.
  public let width: Double
  /// What is kept near boundaries.
  public let refinement: any Refinement

  /// - Parameter width: above 0 and finite.
  /// - Parameter refinement: what is kept near boundaries.
  public init(width: Double, of refinement: any Refinement) {
    precondition(width > 0 && width.isFinite, "a band \(width) wide")
    self.width = width
    self.refinement = refinement
  }

  /// What descriptions call it.
  public var name: String { "band:width=\(width.shortText),of=\"\(refinement.name)\"" }
  /// Without an image, unless a conformer says otherwise.
  public var needsImage: String? { refinement.needsImage }
  /// As far as the refinement does.
  public var leavesPointsOut: Bool { refinement.leavesPointsOut }
  /// How far it reaches.
  public var reach: Reach {
    guard case .steps(let steps) = refinement.reach else { return .everywhere }
    return .steps(max(steps, Int(width.rounded(.up))))
  }

  /// - Complexity: that of the refinement, and O(N·(L + labels that occur)).
  public func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    let parallelism = request.parallelism
    let field = energies
    let isNear = Self.isNearBoundary(
      field.labels(parallelism: parallelism), width: width, over: scene.mask,
      parallelism: parallelism)
    let given = field.probabilities(parallelism: parallelism)
    var refined = try refinement.refine(field, over: scene, request)
    refined.report.measure(.inference) {
      let target = refined.marginals.values.mutableBase()
      let stride = given.stride
      parallelism.forEachChunk(of: given.points, grain: 8192) { points in
        for point in points where !isNear[point] {
          (target + point * stride).update(from: given.base + point * stride, count: stride)
        }
      }
    }
    let share = Double(isNear.count { $0 }) / Double(max(1, isNear.count))
    refined.report.details.append(.init("band_share", .number(share)))
    refined.report.lines.append(
      (
        "band",
        "\((1000 * share).rounded() / 10) % of the points lie within \(width.shortText) of a boundary"
      )
    )
    return refined
  }

  /// Whether each point has a point of another label within `width`, of those that count.
  static func isNearBoundary(
    _ labels: LabelMap, width: Double, over mask: PointMask? = nil, parallelism: Parallelism
  ) -> [Bool] {
    let occurring = Set(labels.labels).sorted()
    guard occurring.count > 1 else { return [Bool](repeating: false, count: labels.labels.count) }
    let near = parallelism.map(occurring.count) { index -> [Int] in
      let label = occurring[index]
      var others = labels.labels.map { $0 != label }
      if let mask {
        for point in others.indices where !mask.isCounted[point] { others[point] = false }
      }
      guard others.contains(true) else { return [] }
      let distances = DistanceTransform.squaredDistances(to: others, on: labels.grid)
      return distances.indices.filter { point in
        labels.labels[point] == label && Double(distances[point]) <= width * width
      }
    }
    var result = [Bool](repeating: false, count: labels.labels.count)
    for point in near.joined() { result[point] = true }
    return result
  }
}

extension RefinementKind {
  /// Another refinement's answer near boundaries alone.
  public static let band = RefinementKind(
    name: "band", summary: "another refinement's answer near boundaries, the scores elsewhere",
    settings: [
      Setting("width", .number(.above(0)), "how far from a boundary, in pixels"),
      Setting(
        "of", .description(of: "refinement"), "the refinement", default: .description(.text("crf"))),
    ], example: "band:width=8,of=crf"
  ) { settings, context in
    guard let inner = settings.nested("of") else { preconditionFailure("'of' has a default") }
    return Band(width: settings.number("width") ?? 1, of: try context.refinement(inner))
  }
}
