import Unaries

/// How an image of two axes is cut into tiles that overlap.
///
/// As few tiles as possible, all of the same size, which is as small as that allows: neighbours
/// then share `overlap` rows or columns, or one more. Their seam runs through the middle of what
/// they share: each tile answers for its core, and the cores cover the image without gaps.
public struct TilePlan: Sendable {
  /// A tile and the part of it that is kept.
  public struct Tile: Sendable {
    /// What is read.
    public let region: GridRegion
    /// What is kept.
    public let core: GridRegion
  }

  /// What is cut.
  public let grid: GridShape
  private let rowSpans: [Span]
  private let columnSpans: [Span]

  /// - Parameters:
  ///   - grid: the image's, of two axes.
  ///   - size: of a tile, at most. An axis that is no longer is not cut.
  ///   - overlap: the number of rows and of columns that neighbours share; at most half of a tile.
  public init(_ grid: GridShape, size: TileSize, overlap: Int) {
    precondition(grid.rank == 2 && overlap >= 0 && 2 * overlap <= min(size.width, size.height))
    self.grid = grid
    rowSpans = Span.cut(grid.height, into: size.height, overlap: overlap)
    columnSpans = Span.cut(grid.width, into: size.width, overlap: overlap)
  }

  /// The size of all tiles.
  public var size: TileSize {
    TileSize(width: columnSpans[0].whole.count, height: rowSpans[0].whole.count)
  }
  /// Tiles below each other.
  public var rows: Int { rowSpans.count }
  /// Tiles beside each other.
  public var columns: Int { columnSpans.count }
  /// All tiles.
  public var count: Int { rows * columns }

  /// Tile `column` of row `row`.
  public func tile(row: Int, column: Int) -> Tile {
    let (rows, columns) = (rowSpans[row], columnSpans[column])
    return Tile(
      region: GridRegion(rows: rows.whole, columns: columns.whole),
      core: GridRegion(rows: rows.core, columns: columns.core))
  }

  /// The rows of the image that the cores of row `row` cover.
  public func coreRows(_ row: Int) -> Range<Int> { rowSpans[row].core }
}

/// A tile along one axis.
private struct Span: Sendable {
  var whole: Range<Int>
  var core: Range<Int>

  static func cut(_ extent: Int, into size: Int, overlap: Int) -> [Span] {
    guard extent > size else { return [Span(whole: 0..<extent, core: 0..<extent)] }
    let count = (extent - overlap + size - overlap - 1) / (size - overlap)
    let size = (extent + (count - 1) * overlap + count - 1) / count
    let starts = (0..<count).map { $0 * (extent - size) / (count - 1) }
    let seams = zip(starts, starts.dropFirst()).map { ($1 + $0 + size) / 2 }
    return zip(starts, zip([0] + seams, seams + [extent])).map { start, core in
      Span(whole: start..<start + size, core: core.0..<core.1)
    }
  }
}

/// The size of a tile in pixels.
public struct TileSize: Sendable, Hashable {
  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int

  /// Both at least 1.
  public init(width: Int, height: Int) {
    precondition(width >= 1 && height >= 1, "a tile of \(width)×\(height)")
    self.width = width
    self.height = height
  }
}

extension TileSize: CustomStringConvertible {
  /// `2048×1024`.
  public var description: String { "\(width)×\(height)" }
}
