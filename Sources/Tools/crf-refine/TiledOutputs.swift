import Formats
import LatticeSupport
import Pipeline
import ToolSupport
import Unaries

/// The outputs of a job, written while its tiles are refined. They appear with `commit()` or not at
/// all.
struct TiledOutputs {
  private let labels: LabelRowWriter?
  private let marginals: NPYRegionWriter?
  private let overlays: [TiledOverlay]

  /// - Throws: `InputError` where an output cannot be created, or not over this image.
  init(_ job: Job, _ input: OpenedUnary, _ settings: Settings) throws {
    let (grid, labelCount) = (input.grid, input.labelCount)
    labels = try job.labels.map {
      try LabelRowWriter($0, grid: grid, labelCount: labelCount, palette: settings.palette)
    }
    marginals = try job.marginals.map {
      try NPYRegionWriter($0, shape: [labelCount] + grid.extents, type: .float32)
    }
    overlays = try [(job.overlay, false), (job.overlayBefore, true)].compactMap { path, isBefore in
      guard let path, let image = input.image else { return nil }
      do {
        try Overlay.check(image.notes.drawn(image.corner))
      } catch let error as InputError {
        throw error.at(path)
      }
      return TiledOverlay(
        path: path, isBefore: isBefore,
        writer: try OverlayRowWriter(path, grid: grid, palette: settings.palette),
        image: try image.openDrawn())
    }
  }

  /// Writes what lies over the core of a tile.
  func write(_ marginals: Marginals, of tile: TilePlan.Tile) throws {
    try self.marginals?.write(tile.core, of: marginals.values, over: tile.region)
  }

  /// Writes the next rows, over all columns.
  func write(_ band: LabelBand) throws {
    try labels?.write(band.after)
    for overlay in overlays { try overlay.write(band) }
  }

  /// Puts all outputs in their places.
  func commit() throws {
    try labels?.commit()
    try marginals?.commit()
    for overlay in overlays { try overlay.writer.commit() }
  }
}

/// A picture of labels over the image.
///
/// It reads the image for itself: it lags behind the tiles, which have given up the rows that it
/// needs.
private struct TiledOverlay {
  let path: String
  let isBefore: Bool
  let writer: OverlayRowWriter
  let image: any RegionSource<Image>

  /// Rows that are drawn at a time.
  private static let rowsAtATime = 64

  func write(_ band: LabelBand) throws {
    let whole = band.region
    for first in stride(
      from: whole.rows.lowerBound, to: whole.rows.upperBound, by: Self.rowsAtATime)
    {
      let part = GridRegion(
        rows: first..<min(first + Self.rowsAtATime, whole.rows.upperBound), columns: whole.columns)
      let labels = whole.cut(part, from: isBefore ? band.before : band.after)
      do {
        try writer.write(LabelMap(grid: part.grid, labels: labels), over: image.read(part))
      } catch let error as InputError {
        throw error.at(path)
      }
    }
  }
}
