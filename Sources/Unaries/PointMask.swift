import LatticeSupport

/// Which points of a grid count. The others are left out, as if they did not exist: no kernel sees
/// them, no sum counts them, and they get no label.
///
/// Rasters have such points where nothing was measured (nodata), volumes outside of what is looked
/// at.
public struct PointMask: Sendable, Equatable {
  /// All points.
  public let grid: GridShape
  /// N values, of which those of points that count are `true`.
  public let isCounted: [Bool]
  /// How many points count.
  public let count: Int

  /// - Throws: `InputError` where the number of values is not that of the grid's points.
  public init(grid: GridShape, isCounted: [Bool]) throws {
    guard isCounted.count == grid.count else {
      throw InputError(
        .data,
        "a mask of \(grid) needs \(grid.count) values, but \(isCounted.count) are given")
    }
    self.init(unchecked: isCounted, grid: grid)
  }

  /// Takes `isCounted`, one value for each point of `grid`, as it is.
  package init(unchecked isCounted: [Bool], grid: GridShape) {
    self.grid = grid
    self.isCounted = isCounted
    count = isCounted.reduce(0) { $0 + ($1 ? 1 : 0) }
  }

  /// How many points are left out.
  public var leftOutCount: Int { grid.count - count }

  /// Whether every point counts.
  public var isFull: Bool { count == grid.count }

  /// The points that count, in order. O(N).
  package var points: [Int] { isCounted.indices.filter { isCounted[$0] } }

  /// The points that count in both masks, of the same grid. O(N).
  public func intersection(_ other: PointMask) -> PointMask {
    precondition(grid == other.grid, "masks of \(grid) and \(other.grid)")
    return PointMask(unchecked: zip(isCounted, other.isCounted).map { $0 && $1 }, grid: grid)
  }

  /// Those of two masks, either of which may be missing, that count in both.
  package static func both(_ first: PointMask?, _ second: PointMask?) -> PointMask? {
    guard let first, let second else { return first ?? second }
    return first.intersection(second)
  }
}

extension PointMask? {
  /// Whether a point counts: all do without a mask.
  package func counts(_ point: Int) -> Bool { self?.isCounted[point] ?? true }
}

extension LabelMap {
  /// The number that points have in label maps which are left out: 255, or 65535 where 255 is a
  /// label.
  ///
  /// - Parameter labelCount: L.
  public static func leftOut(ofLabels labelCount: Int) -> UInt16 {
    labelCount <= Int(Palette.voidLabel) ? Palette.voidLabel : .max
  }

  /// The map with the points that `mask` leaves out marked; itself without a mask. O(N).
  ///
  /// - Parameters:
  ///   - mask: over the same grid.
  ///   - labelCount: L, on which the number depends that marks them.
  public func marking(_ mask: PointMask?, labelCount: Int) -> LabelMap {
    marking(mask, as: Self.leftOut(ofLabels: labelCount))
  }

  /// The map with `label` at the points that a mask of the same grid leaves out. O(N).
  package func marking(_ mask: PointMask?, as label: UInt16) -> LabelMap {
    guard let mask else { return self }
    precondition(grid == mask.grid, "labels of \(grid) with a mask of \(mask.grid)")
    return LabelMap(
      unchecked: zip(labels, mask.isCounted).map { $1 ? $0 : label }, grid: grid)
  }
}

extension ChannelField {
  /// The rows of the points that count, in order. O(N·C).
  package func kept(_ mask: PointMask) -> ChannelField {
    precondition(points == mask.grid.count, "\(points) rows with a mask of \(mask.grid)")
    var result = ChannelField(uninitializedPoints: mask.count, channels: channels)
    let target = result.mutableBase()
    for (row, point) in mask.points.enumerated() {
      (target + row * stride).update(from: base + point * stride, count: stride)
    }
    return result
  }

  /// The rows at the places of the points that count; all others are `filling`. O(N·C).
  package func spread(over mask: PointMask, filling: Float) -> ChannelField {
    precondition(points == mask.count, "\(points) rows for \(mask.count) points that count")
    var result = ChannelField(uninitializedPoints: mask.grid.count, channels: channels)
    let target = result.mutableBase()
    var row = 0
    for point in 0..<mask.grid.count {
      if mask.isCounted[point] {
        (target + point * stride).update(from: base + row * stride, count: stride)
        row += 1
      } else {
        (target + point * stride).update(repeating: filling, count: channels)
        (target + point * stride + channels).update(repeating: 0, count: stride - channels)
      }
    }
    return result
  }
}

extension EnergyField {
  /// The energies of the points that count, of which there is at least one, on a line.
  package func kept(_ mask: PointMask) -> EnergyField {
    EnergyField(
      unchecked: values.kept(mask), grid: GridShape(width: mask.count, height: 1))
  }
}

extension Marginals {
  /// Puts NaN at the points that a mask of the same grid leaves out, as files have it. O(N·L).
  package mutating func erase(leftOutBy mask: PointMask) {
    precondition(grid == mask.grid, "marginals of \(grid) with a mask of \(mask.grid)")
    let (base, stride, channels) = (values.mutableBase(), values.stride, values.channels)
    for point in 0..<grid.count where !mask.isCounted[point] {
      (base + point * stride).update(repeating: .nan, count: channels)
    }
  }

  /// Marginals of the points that count over their grid; all labels are as likely at the others.
  package func spread(over mask: PointMask) -> Marginals {
    Marginals(
      unchecked: values.spread(over: mask, filling: 1 / Float(values.channels)), grid: mask.grid)
  }
}
