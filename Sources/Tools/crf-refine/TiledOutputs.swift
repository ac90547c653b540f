import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// The outputs of a job, written while its tiles are refined. They appear with `commit()` or not at
/// all.
struct TiledOutputs {
  private let labels: LabelRowWriter?
  private let marginals: MarginalsRegionWriter?
  private let overlays: [(isBefore: Bool, writer: OverlayRowWriter)]

  /// - Throws: `InputError` where an output cannot be created, or not over this image.
  init(_ job: Job, _ input: OpenedScores, _ settings: Settings) throws {
    let (grid, labelCount) = (input.grid, input.labelCount)
    let palette = settings.palette(of: input.summary)
    labels = try job.labels.map {
      try LabelRowWriter(
        $0, grid: grid, labelCount: labelCount, palette: palette, at: input.summary.placement,
        mayLeaveOut: input.summary.mayLeaveOut)
    }
    marginals = try job.marginals.map {
      try MarginalsRegionWriter(
        $0, grid: grid, labelCount: labelCount, at: input.summary.placement)
    }
    overlays = try [(job.overlay, false), (job.overlayBefore, true)].compactMap { path, isBefore in
      guard let path, let image = input.image else { return nil }
      return (isBefore, try OverlayRowWriter(path, over: image, palette: palette))
    }
  }

  /// Writes what lies over the core of a tile.
  func write(_ marginals: Marginals, of tile: TilePlan.Tile, mask: PointMask?) throws {
    try self.marginals?.write(tile.core, of: marginals.values, over: tile.region, mask: mask)
  }

  /// Writes the next rows, over all columns.
  func write(_ band: LabelBand) throws {
    try labels?.write(band.after)
    for (isBefore, writer) in overlays {
      try writer.write(isBefore ? band.before : band.after, of: band.region)
    }
  }

  /// Puts all outputs in their places.
  func commit() throws {
    try labels?.commit()
    try marginals?.commit()
    for overlay in overlays { try overlay.writer.commit() }
  }
}
