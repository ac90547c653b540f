import LatticeSupport
import Unaries

/// Proposals that know nothing of the image: squares of several sizes that cover it evenly, the
/// largest first.
public struct SlidingGrid: ProposalSource {
  /// Sides of the squares, as shares of the image's shorter side, in falling order.
  public let shares: [Double]
  /// The share of a square's side that its neighbours overlap at least.
  public let overlap: Double

  /// - Parameters:
  ///   - shares: sides of the squares, as shares of the image's shorter side.
  ///   - overlap: the share of a square's side that its neighbours overlap at least.
  /// - Throws: `InputError` unless shares lie in 0…1, without 0, and the overlap is not negative
  ///   and below 1.
  public init(shares: [Double] = [1, 0.7, 0.5, 0.35], overlap: Double = 0.5) throws {
    guard !shares.isEmpty, shares.allSatisfy({ $0 > 0 && $0 <= 1 }), overlap >= 0, overlap < 1
    else {
      throw InputError(
        .usage, "squares of \(shares) times the shorter side with an overlap of \(overlap)",
        remedy: "give shares above 0 and up to 1, and an overlap of at least 0 and below 1")
    }
    self.shares = shares.sorted(by: >)
    self.overlap = overlap
  }

  /// Squares by falling size, those of one size row by row; the score is the share of the shorter
  /// side.
  public func proposals(for image: Image, limit: Int) throws -> [Proposal] {
    let (height, width) = (image.grid.height, image.grid.width)
    var proposals: [Proposal] = []
    for share in shares where proposals.count < limit {
      let side = max(1, Int(share * Double(min(height, width))))
      let tiling = try Tiling(size: side, overlap: Int(overlap * Double(side)))
      let columns = tiling.pieces(of: width).map(\.range)
      for rows in tiling.pieces(of: height).map(\.range) {
        proposals += columns.map { Proposal(PixelBox(rows: rows, columns: $0), score: share) }
      }
    }
    return Array(proposals.prefix(limit))
  }
}
