import CKernels
import LatticeSupport

/// Gaussian filtering on a bilateral grid: O(N·2ᵈ), and O(d) a cell, for up to five features.
///
/// Chen, Paris & Durand (2007), doi:10.1145/1276377.1276506; Paris & Durand (2006),
/// doi:10.1007/11744085_44. Feature space is cut into cells of about `cell` bandwidths along every
/// axis. A point is splatted to the 2ᵈ corners of its cell by linear interpolation, the corners are
/// blurred by a Gaussian along one axis after the other, and points are sliced by the same weights.
///
/// What it approximates: interpolation at both ends widens a Gaussian by h²/3 for cells of h, so
/// the blur is narrower by as much, and the kernel has the mass and the variance of the Gaussian.
/// What is left of the error is its shape, which depends on where in its cell a point lies: a
/// point's own weight is 0.90 to 1.22 per axis for h = 1, 0.98 to 1.04 for h = ½. Corners that no
/// point touches count as 0 where cells are too many to hold them all, and paths through them are
/// lost, as on the permutohedral lattice.
///
/// A backend for two to four features: with five, a point has 32 corners, where the permutohedral
/// lattice has 6.
public struct GridBackend: FilterBackend {
  /// h, what cells measure at most, in bandwidths.
  public let cell: Double

  /// The sides that cells may have: larger ones would need a blur of negative width.
  public static let cells = 0.1...1.5

  /// 1: Chen, Paris & Durand sample at the bandwidth too.
  public static let defaultCell = 1.0

  /// The most features of a point.
  public static let mostDimensions = Int(CK_GRID_DIMENSIONS)

  /// - Parameter cell: in bandwidths, within `cells`.
  public init(cell: Double = Self.defaultCell) {
    precondition(Self.cells.contains(cell), "cells of \(cell) are not within \(Self.cells)")
    self.cell = cell
  }

  /// `grid`.
  public var name: String { "grid" }

  /// The interpolation within cells, whose error grows with their square; of cells that are finer
  /// than a bandwidth there may be too many to hold them all, and what paths then lose.
  public func promisedError(dimensions: Int) -> Double? {
    guard dimensions <= Self.mostDimensions else { return nil }
    return 0.02 * cell * cell + (cell < 1 && dimensions > 2 ? 0.12 : 0)
  }

  /// Finds the cells of `features`.
  ///
  /// - Throws: `LatticeError.unsupported` above five features, `.keyOverflow` where a point lies
  ///   too many bandwidths from the origin, `.tooManyVertices`.
  /// - Complexity: O(N·2ᵈ) time; N·2ᵈ·8 bytes and the corners.
  public func makeFilter(
    for features: FeatureMatrix, parallelism: Parallelism
  ) throws -> any GaussianFilter {
    guard features.dimensions <= Self.mostDimensions else {
      throw LatticeError.unsupported(
        reason: "a grid holds up to \(Self.mostDimensions) features, not \(features.dimensions); "
          + "use a permutohedral lattice, or reduce them")
    }
    return try GridFilter(features, cell: cell, parallelism: parallelism)
  }
}

extension FilterBackend where Self == GridBackend {
  /// Filtering on a bilateral grid.
  public static var grid: Self { Self() }
}

extension FilterKind {
  /// A bilateral grid.
  public static let grid = FilterKind(
    name: "grid", summary: "a bilateral grid, for up to \(GridBackend.mostDimensions) features",
    settings: [
      Setting(
        "cell", .number(.closed(GridBackend.cells)),
        "what cells measure, in bandwidths; smaller ones are closer to the Gaussian",
        default: .number(GridBackend.defaultCell))
    ], example: "grid:cell=0.5"
  ) { settings in
    GridBackend(cell: settings.number("cell") ?? GridBackend.defaultCell)
  }
}
