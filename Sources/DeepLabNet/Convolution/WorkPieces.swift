import CKernels

/// A grid of positions × panels of channels in pieces of about equal work.
///
/// Positions of a piece share the weights that are in the cache; where there are few positions, panels are
/// spread over threads instead.
struct WorkPieces {
  /// Positions whose inputs stay in the second-level cache while all panels pass by.
  private static let positionsAPiece = 16 * Int(CK_TILE_ROWS)
  /// Pieces below which panels are divided too.
  private static let fewest = 16

  private let positions: Int
  private let panels: Int
  private let positionPieces: Int
  private let panelPieces: Int

  init(positions: Int, panels: Int) {
    self.positions = positions
    self.panels = panels
    positionPieces = (positions + Self.positionsAPiece - 1) / Self.positionsAPiece
    panelPieces = min(panels, max(1, Self.fewest / positionPieces))
  }

  var count: Int { positionPieces * panelPieces }

  subscript(index: Int) -> (first: Int, count: Int, firstPanel: Int, panelCount: Int) {
    let first = index / panelPieces * Self.positionsAPiece
    let part = index % panelPieces
    let firstPanel = panels * part / panelPieces
    return (
      first, min(positions - first, Self.positionsAPiece), firstPanel,
      panels * (part + 1) / panelPieces - firstPanel
    )
  }
}
