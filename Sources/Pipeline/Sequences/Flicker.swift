import LatticeSupport
import Unaries

/// How often labels change from one frame to the next.
public struct Flicker: Sendable, Equatable {
  /// Pixels that were found again in the frame beside theirs.
  public private(set) var compared = 0
  /// Those of them whose label is another there.
  public private(set) var changed = 0

  /// Nothing compared yet.
  public init() {}

  /// The share of compared pixels whose label changes, 0…1; `nil` where nothing was compared.
  public var share: Double? { compared > 0 ? Double(changed) / Double(compared) : nil }

  /// A frame's labels, and which of them count.
  public struct Frame: Sendable {
    /// Its labels.
    public let labels: LabelMap
    /// The pixels that count; `nil` for all.
    public let mask: PointMask?
    /// Its flow, to the next frame or to the one before; `nil` where there is none.
    public let flow: FlowField?

    /// - Parameters:
    ///   - labels: its labels.
    ///   - mask: of the same grid.
    ///   - flow: of the same grid.
    public init(_ labels: LabelMap, mask: PointMask? = nil, flow: FlowField? = nil) {
      self.labels = labels
      self.mask = mask
      self.flow = flow
    }
  }

  /// Compares two frames of a grid, one after the other: where pixels are, or where flow says that
  /// they are, at the nearest pixel. What leaves the picture, what is left out, and what flow does
  /// not know, is not compared.
  ///
  /// - Parameters:
  ///   - earlier: the frame before.
  ///   - later: the frame behind it, on the same grid.
  ///   - direction: which frame flow leads to; `nil` where pixels are compared in place.
  /// - Complexity: O(N).
  public mutating func add(
    _ earlier: Frame, then later: Frame, along direction: FlowField.Direction?
  ) {
    let (from, to) = direction == .backward ? (later, earlier) : (earlier, later)
    let grid = from.labels.grid
    precondition(grid == to.labels.grid, "frames of \(grid) and \(to.labels.grid)")
    for point in 0..<grid.count where from.mask.counts(point) {
      var target = point
      if direction != nil {
        guard let vector = from.flow?.vector(point),
          let reached = Self.pixel(grid, point, moved: vector)
        else { continue }
        target = reached
      }
      guard to.mask.counts(target) else { continue }
      compared += 1
      if from.labels.labels[point] != to.labels.labels[target] { changed += 1 }
    }
  }

  /// The pixel that is reached; `nil` outside of the picture.
  private static func pixel(
    _ grid: GridShape, _ point: Int, moved vector: SIMD2<Float>
  ) -> Int? {
    let (row, column) = point.quotientAndRemainder(dividingBy: grid.width)
    let place = (SIMD2(Float(column), Float(row)) + vector).rounded(.toNearestOrAwayFromZero)
    guard place.x >= 0, place.y >= 0, place.x < Float(grid.width), place.y < Float(grid.height)
    else { return nil }
    return Int(place.y) * grid.width + Int(place.x)
  }
}
