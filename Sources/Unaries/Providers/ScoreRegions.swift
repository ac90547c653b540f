import LatticeSupport

/// Energies from an array of scores, made a region at a time: those of `ScoreMapUnary`, bit for
/// bit.
package final class ScoreRegions: RegionSource {
  package let grid: GridShape
  /// How the scores are read on the grid; `nil` where they have its size.
  package let resampling: Resampling?
  private let boxes: any BoxSource
  private let shape: ScoreShape
  private let conversion: ScoreConversion
  /// The neighbours of every row and column among the scores; empty where nothing is resampled.
  private let taps: [[LinearTap]]

  /// - Parameters:
  ///   - boxes: the scores; an axis of labels and two of points.
  ///   - grid: what they are read on.
  ///   - others: as for `ScoreMapUnary`.
  /// - Throws: `InputError` where the scores do not fit the grid.
  package init(
    _ boxes: any BoxSource, over grid: GridShape, kind: ScoreKind, layout: ChannelLayout,
    normalizes: Bool = false, minimumProbability: Float = 1e-5, alignCorners: Bool,
    parallelism: Parallelism
  ) throws {
    self.boxes = boxes
    self.grid = grid
    shape = try ScoreShape(boxes.shape, layout: layout)
    conversion = try ScoreConversion(
      kind: kind, normalizes: normalizes, minimumProbability: minimumProbability,
      parallelism: parallelism)
    resampling = try shape.resampling(to: grid, alignCorners: alignCorners)
    taps = resampling.map { resampling in (0..<2).map { resampling.taps(along: $0) } } ?? []
  }

  /// - Complexity: O(points of the region · L); the scores that they are blended from, and the
  ///   result, in memory.
  package func read(_ region: GridRegion) throws -> EnergyField {
    let parts = zip([region.rows, region.columns], taps).map { ArraySlice($1[$0]) }
    let needed =
      taps.isEmpty
      ? region : GridRegion(rows: Self.reach(of: parts[0]), columns: Self.reach(of: parts[1]))
    let scores = try naming(needed) {
      try conversion.scores(boxes.read(box(of: needed)), layout: shape.layout)
    }
    let origins = [needed.rows.lowerBound, needed.columns.lowerBound]
    let reader = ScoreLineReader(
      scores, onto: region.grid,
      taps: zip(parts, origins).map { taps, origin in taps.map { $0.moved(by: -origin) } })
    return conversion.energies(reader, over: region.grid, labelCount: shape.labelCount)
  }

  private func box(of region: GridRegion) -> [Range<Int>] {
    let labels = 0..<shape.labelCount
    return switch shape.layout {
    case .channelsFirst: [labels, region.rows, region.columns]
    case .channelsLast: [region.rows, region.columns, labels]
    }
  }

  /// The scores that the points of `taps` are blended from.
  private static func reach(of taps: ArraySlice<LinearTap>) -> Range<Int> {
    taps[taps.startIndex].lower..<taps[taps.endIndex - 1].upper + 1
  }
}
