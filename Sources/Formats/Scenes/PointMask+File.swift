import LatticeSupport
import Unaries

extension PointMask {
  /// The points over `grid` at which the numbers of a file are not 0.
  ///
  /// - Throws: `InputError` where the file cannot be read, holds no whole numbers, or has another
  ///   grid.
  init(file path: String, over grid: GridShape) throws {
    let (map, mask, _) = try LabelFile.readMasked(path, as: LabelReading())
    try Self.check(map.grid, fits: grid, at: path)
    let counted = PointMask(unchecked: map.labels.map { $0 != 0 }, grid: grid)
    self = PointMask.both(counted, mask) ?? counted
  }

  static func check(_ found: GridShape, fits grid: GridShape, at path: String) throws {
    guard found != grid else { return }
    throw InputError(
      .data, at: path, "is a mask of \(found) over a scene of \(grid)",
      remedy: "give a mask of the size of the scene")
  }

  /// The same points of a finer grid: each counts where the nearest of these does.
  func nearest(on fine: GridShape) -> PointMask {
    guard fine != grid else { return self }
    let all = GridRegion(allOf: fine)
    return Self.nearest(all, of: fine, from: grid) { region in
      let whole = GridRegion(allOf: grid)
      return PointMask(unchecked: whole.cut(region, from: isCounted), grid: region.grid)
    } ?? self
  }

  /// The points of a region that count by the nearest points of a coarser grid.
  ///
  /// - Parameter coarse: the points that count of a region of the coarser grid; `nil` for all.
  static func nearest(
    _ region: GridRegion, of fine: GridShape, from grid: GridShape,
    _ coarse: (GridRegion) throws -> PointMask?
  ) rethrows -> PointMask? {
    guard fine != grid else { return try coarse(region) }
    func cells(_ range: Range<Int>, _ points: Int, _ cells: Int) -> [Int] {
      range.map { min(cells - 1, (2 * $0 + 1) * cells / (2 * points)) }
    }
    let rows = cells(region.rows, fine.height, grid.height)
    let columns = cells(region.columns, fine.width, grid.width)
    let part = GridRegion(
      rows: rows[0]..<rows[rows.count - 1] + 1,
      columns: columns[0]..<columns[columns.count - 1] + 1)
    guard let mask = try coarse(part) else { return nil }
    let isCounted = rows.flatMap { row in
      columns.map { mask.isCounted[part.point(row: row, column: $0)] }
    }
    return PointMask(unchecked: isCounted, grid: region.grid)
  }
}

extension VolumeGeometry {
  /// The spacing of a grid, where it is this volume's.
  func spacing(on grid: GridShape) -> [Float]? {
    Array(grid.extents.reversed()) == Array(extents.prefix(grid.rank)) && grid.rank == 3
      ? spacing : nil
  }
}
