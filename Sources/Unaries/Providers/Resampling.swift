/// How scores on a coarse grid are read on a finer one: linearly along each axis.
public struct Resampling: Sendable, Hashable {
  /// The grid of the scores.
  public let from: GridShape
  /// The grid of the scene; as many axes as `from`, none shorter.
  public let to: GridShape
  /// Whether the outermost points of both grids coincide; otherwise the outermost cells' edges do.
  public let alignCorners: Bool

  init(from: GridShape, to: GridShape, alignCorners: Bool) {
    precondition(from.rank == to.rank, "\(from.rank) axes cannot become \(to.rank)")
    self.from = from
    self.to = to
    self.alignCorners = alignCorners
  }
}

extension Resampling: CustomStringConvertible {
  /// `scores upsampled 60×45 → 480×360, bilinear, half-pixel centres`.
  public var description: String {
    let method =
      switch from.rank {
      case 1: "linear"
      case 2: "bilinear"
      case 3: "trilinear"
      default: "multilinear"
      }
    let convention = alignCorners ? "aligned corners" : "half-pixel centres"
    return "scores upsampled \(from) → \(to), \(method), \(convention)"
  }
}

extension Resampling {
  /// The neighbours and weights of every output point along `axis`.
  func taps(along axis: Int) -> [LinearTap] {
    LinearTap.taps(
      from: from.extents[axis], to: to.extents[axis],
      alignment: alignCorners ? .corners : .halfPixel)
  }
}
