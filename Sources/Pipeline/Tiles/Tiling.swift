import LatticeSupport
import Unaries

/// The size of tiles, and what neighbours share.
public struct Tiling: Sendable, Hashable {
  /// Of a tile, at most.
  public let size: TileSize
  /// Rows and columns that neighbouring tiles share at least.
  public let overlap: Int

  /// The least overlap that is chosen here.
  public static let leastDefaultOverlap = 32
  /// The lines beside a seam must be in both tiles.
  public static let leastOverlap = 2

  /// Why a tiling cannot be.
  public enum Problem: Error, Sendable, Hashable {
    /// A step depends on points however far away.
    case reachesEverywhere
    /// The overlap is below `leastOverlap`.
    case overlapTooSmall(Int)
    /// The overlap is more than half of a tile.
    case overlapTooLarge(Int)
  }

  /// - Parameters:
  ///   - size: of a tile, at most.
  ///   - overlap: what neighbours share; `nil` for twice the reach, so that each tile sees that far
  ///     beyond its core.
  ///   - reach: of the steps that are made tile by tile.
  /// - Throws: `Problem`.
  public init(size: TileSize, overlap: Int? = nil, reach: Reach) throws {
    guard case .steps(let steps) = reach else { throw Problem.reachesEverywhere }
    let overlap = overlap ?? Self.defaultOverlap(reach: steps)
    guard overlap >= Self.leastOverlap else { throw Problem.overlapTooSmall(overlap) }
    guard 2 * overlap <= min(size.width, size.height) else {
      throw Problem.overlapTooLarge(overlap)
    }
    self.size = size
    self.overlap = overlap
  }

  /// What neighbours share unless somebody chooses.
  public static func defaultOverlap(reach steps: Int) -> Int {
    max(leastDefaultOverlap, 2 * steps)
  }

  /// The tiles of a grid of two axes.
  public func tiles(of grid: GridShape) -> TilePlan {
    TilePlan(grid, size: size, overlap: overlap)
  }
}
