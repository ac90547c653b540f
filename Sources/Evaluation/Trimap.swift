import LatticeSupport
import Unaries

/// Accuracy near the boundaries of objects, by the width of the band around them: the trimap.
///
/// The measure of Kohli, Ladický & Torr, IJCV 2009, doi:10.1007/s11263-008-0202-0, used for dense
/// CRFs by Krähenbühl & Koltun, NIPS 2011, arXiv:1210.5644, and for DeepLab by Chen et al., ICLR
/// 2015, arXiv:1412.7062, §5. The band of width w holds the points whose distance to the boundary
/// is at most w, distances being Euclidean between the centres of points; a point next to the
/// boundary has distance 1.
public struct Trimap: Sendable {
  /// What counts as the boundary of an object.
  public enum Boundary: Sendable, Hashable {
    /// Where two neighbours of the ground truth have different labels, neither of them void: for
    /// truths that are exact up to the boundary, as those of Krähenbühl & Koltun. The points on
    /// both sides have distance 1. Neighbours share a face: 4 in an image, 6 in a volume. The rim
    /// of a void region is not a boundary, since what lies behind it is not known.
    case labelChanges
    /// The void label itself, for truths that draw it around objects, as PASCAL VOC does: DeepLab's
    /// choice. A point next to a void one has distance 1.
    case voidLabel
  }

  /// The counts of the points in the band of one width.
  public struct Band: Sendable, Equatable {
    /// The greatest distance to the boundary, in points.
    public let width: Int
    /// The counts of all points up to that distance, hence also of all narrower bands.
    public let confusion: ConfusionMatrix
  }

  /// The widths of the bands, ascending.
  public let widths: [Int]
  /// What counts as the boundary.
  public let boundary: Boundary
  /// The label of points that do not count; `nil` where there is none.
  public let void: UInt16?

  /// The counts of the points in each band but not in the one before.
  private(set) var rings: [ConfusionMatrix]

  /// - Parameters:
  ///   - labelCount: L, at least 1.
  ///   - widths: the widths of the bands in points, each at least 1, in any order.
  ///   - boundary: what counts as the boundary.
  ///   - void: the label of the truth whose points are left out; needed for `.voidLabel`.
  /// - Throws: `InputError` where there is no width or one is below 1, or the void label is
  ///   missing.
  public init(
    labelCount: Int, widths: [Int], boundary: Boundary, ignoring void: UInt16? = nil
  ) throws {
    guard !widths.isEmpty, widths.allSatisfy({ $0 >= 1 }) else {
      throw InputError(
        .usage, "the widths of the trimap are \(widths), but each must be at least 1 point",
        remedy: "for example 1, 2, 4, 8, 16")
    }
    guard boundary != .voidLabel || void != nil else {
      throw InputError(
        .usage, "the trimap follows the void label, but no void label is given",
        remedy: "name it (255 as a rule), or take the boundaries from changes of label")
    }
    self.widths = Set(widths).sorted()
    self.boundary = boundary
    self.void = void
    rings = self.widths.map { _ in ConfusionMatrix(labelCount: labelCount) }
  }

  /// The counts so far, one band a width.
  public var bands: [Band] {
    var confusion = ConfusionMatrix(labelCount: rings[0].labelCount)
    return zip(widths, rings).map { width, ring in
      confusion += ring
      return Band(width: width, confusion: confusion)
    }
  }

  /// Counts the points of an image; the distance to the boundary is computed once for all widths.
  ///
  /// - Throws: `InputError` as `ConfusionMatrix.add` does, for labels outside the bands too;
  ///   nothing has been counted then.
  /// - Complexity: O(N · widths).
  public mutating func add(prediction: LabelMap, truth: LabelMap) throws {
    try check(prediction, truth)
    count(prediction, in: rings(of: truth))
  }

  /// Which ring of bands each point of a truth lies in, to judge many predictions of one image.
  public struct Rings: Sendable {
    fileprivate let truth: LabelMap
    /// The narrowest band that holds the point; −1 where none does, or the point is void.
    fileprivate let indices: [Int32]
  }

  /// Measures the distances of a truth's points once, for `add(prediction:in:)`. O(N · widths).
  public func rings(of truth: LabelMap) -> Rings {
    let distances = DistanceTransform.squaredDistances(to: seeds(of: truth), on: truth.grid)
    // Where labels change, the seeds are the points at distance 1 themselves.
    let reach = boundary == .voidLabel ? 0 : 1
    let limits = widths.map { ($0 - reach) * ($0 - reach) }
    let indices = zip(distances, truth.labels).map { distance, actual -> Int32 in
      guard actual != void, let ring = limits.firstIndex(where: { distance <= $0 }) else {
        return -1
      }
      return Int32(ring)
    }
    return Rings(truth: truth, indices: indices)
  }

  /// Counts the points of an image whose distances are known.
  ///
  /// - Parameters:
  ///   - prediction: the labels that are measured, on the truth's grid.
  ///   - rings: of a trimap of the same widths, boundary and void label.
  /// - Throws: as `add(prediction:truth:)` does.
  /// - Complexity: O(N).
  public mutating func add(prediction: LabelMap, in rings: Rings) throws {
    try check(prediction, rings.truth)
    count(prediction, in: rings)
  }

  private func check(_ prediction: LabelMap, _ truth: LabelMap) throws {
    try ConfusionMatrix.check(
      prediction: prediction, truth: truth, labelCount: rings[0].labelCount, void: void)
  }

  private mutating func count(_ prediction: LabelMap, in given: Rings) {
    for (point, ring) in given.indices.enumerated() where ring >= 0 {
      rings[Int(ring)].count(
        truth: given.truth.labels[point], prediction: prediction.labels[point])
    }
  }

  /// Adds the counts of a trimap of the same labels, widths and boundary, taken over other images.
  public static func += (sum: inout Trimap, other: Trimap) {
    precondition(
      sum.widths == other.widths && sum.boundary == other.boundary && sum.void == other.void,
      "trimaps of widths \(sum.widths) and \(other.widths), or of other boundaries, do not add up")
    sum.add(rings: other.rings)
  }

  /// Adds the counts of each ring, of the same labels.
  mutating func add(rings others: [ConfusionMatrix]) {
    for ring in rings.indices { rings[ring] += others[ring] }
  }

  private func seeds(of truth: LabelMap) -> [Bool] {
    switch boundary {
    case .voidLabel: truth.labels.map { $0 == void }
    case .labelChanges: truth.boundaryPoints(ignoring: void)
    }
  }
}

extension LabelMap {
  /// Whether each point has a neighbour of another label along some axis, neither being `void`.
  /// O(N · rank).
  package func boundaryPoints(ignoring void: UInt16?) -> [Bool] {
    var isBoundary = [Bool](repeating: false, count: grid.count)
    var step = 1
    for extent in grid.extents.reversed() {
      let block = step * extent
      for point in 0..<grid.count where point % block < block - step {
        let (here, next) = (labels[point], labels[point + step])
        if here != next, here != void, next != void {
          isBoundary[point] = true
          isBoundary[point + step] = true
        }
      }
      step = block
    }
    return isBoundary
  }
}
