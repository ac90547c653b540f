import CKernels

/// A grid of positions × panels of channels in pieces of about equal work.
///
/// Positions of a piece share the weights that are in the cache; where there are few positions,
/// panels are spread over threads instead.
struct WorkPieces {
  /// Tiles of positions whose inputs stay in the second-level cache while all panels pass by.
  private static let largestPiece = 16
  /// Pieces that are not divided by panels come in multiples of this: of nine, one of two threads
  /// would take five.
  private static let round = 4
  /// Pieces below which panels are divided too.
  private static let fewest = 16

  private let positions: Int
  private let panels: Int
  private let positionsAPiece: Int
  private let positionPieces: Int
  private let panelPieces: Int

  init(positions: Int, panels: Int) {
    self.positions = positions
    self.panels = panels
    func quotient(_ count: Int, _ size: Int) -> Int { (count + size - 1) / size }
    let tiles = quotient(positions, Int(CK_TILE_ROWS))
    var pieces = quotient(tiles, Self.largestPiece)
    panelPieces = min(panels, max(1, Self.fewest / pieces))
    if panelPieces == 1 { pieces = quotient(pieces, Self.round) * Self.round }
    positionsAPiece = quotient(tiles, pieces) * Int(CK_TILE_ROWS)
    positionPieces = quotient(positions, positionsAPiece)
  }

  var count: Int { positionPieces * panelPieces }

  subscript(index: Int) -> (first: Int, count: Int, firstPanel: Int, panelCount: Int) {
    let first = index / panelPieces * positionsAPiece
    let part = index % panelPieces
    let firstPanel = panels * part / panelPieces
    return (
      first, min(positions - first, positionsAPiece), firstPanel,
      panels * (part + 1) / panelPieces - firstPanel
    )
  }
}
