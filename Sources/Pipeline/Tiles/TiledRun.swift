import LatticeSupport
import Unaries

/// A plan that is run tile by tile: memory is that of a tile and of a band of the image.
public struct TiledRun: Sendable {
  /// The tiles, row by row.
  public let tiles: TilePlan
  private let plan: PreparedPlan
  private let request: RefinementRequest

  /// - Parameters:
  ///   - tiles: how the grid is cut.
  ///   - request: the threads to use; the objective of tiles is not that of the whole.
  ///   - plan: the plan.
  public init(_ plan: PreparedPlan, on tiles: TilePlan, _ request: RefinementRequest) {
    self.plan = plan
    self.tiles = tiles
    self.request = request
  }

  /// One tile that is done.
  public struct Tile {
    /// Where it lies, and the part of it that is kept.
    public let place: TilePlan.Tile
    /// What was read.
    public let scene: Scene
    /// What came of it.
    public let result: PreparedPlan.Result
    /// Of the whole, 0…1.
    public let shareDone: Double
  }

  /// Runs the plan on all tiles.
  ///
  /// - Parameters:
  ///   - read: gives what lies over a region; regions come row by row.
  ///   - visit: is given each tile that is done.
  ///   - finish: is given the labels of each row of tiles over all columns, before and after.
  /// - Returns: how much neighbouring tiles disagree beside their seams.
  /// - Throws: what the plan or a closure throws.
  public func run(
    read: (GridRegion) throws -> (scene: Scene, energies: EnergyField),
    visit: (Tile) throws -> Void, finish: (LabelBand) throws -> Void
  ) throws -> SeamMeter.Figures {
    var seams = SeamMeter(tiles)
    for row in 0..<tiles.rows {
      var band = LabelBand(rows: tiles.coreRows(row), width: tiles.grid.width)
      for column in 0..<tiles.columns {
        let tile = tiles.tile(row: row, column: column)
        var (scene, energies) = try read(tile.region)
        let before = energies.labels(parallelism: request.parallelism)
          .marking(scene.mask, labelCount: energies.labelCount)
        let result = try plan.run(Self.take(&energies), over: scene, request)
        band.put(before: before, after: result.labels, of: tile.core, in: tile.region)
        seams.add(result.marginals, row: row, column: column)
        try visit(
          Tile(
            place: tile, scene: scene, result: result,
            shareDone: Double(row * tiles.columns + column + 1) / Double(tiles.count)))
      }
      try finish(band)
    }
    return seams.figures
  }

  /// Hands the energies on, so that marginals may take their place.
  private static func take(_ energies: inout EnergyField) -> EnergyField {
    let taken = energies
    energies = EnergyField(
      unchecked: ChannelField(points: 1, channels: 1), grid: GridShape(width: 1, height: 1))
    return taken
  }
}
