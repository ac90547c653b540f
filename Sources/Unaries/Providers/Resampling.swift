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

/// One output point's two neighbours on an input axis: (1 − weight)·lower + weight·upper.
struct LinearTap: Equatable {
  let lower: Int
  let upper: Int
  let weight: Float

  /// The same neighbours, numbered from another start.
  func moved(by offset: Int) -> LinearTap {
    LinearTap(lower: lower + offset, upper: upper + offset, weight: weight)
  }
}

extension Resampling {
  /// The neighbours and weights of every output point along `axis`.
  ///
  /// With n output and m input points, output i reads position (i + ½)·m/n − ½, held within the
  /// input (half-pixel centres), or i·(m − 1)/(n − 1) (aligned corners): the two conventions of
  /// PyTorch's `interpolate`.
  func taps(along axis: Int) -> [LinearTap] {
    let (inputs, outputs) = (from.extents[axis], to.extents[axis])
    let last = Double(inputs - 1)
    return (0..<outputs).map { output in
      let position =
        if alignCorners {
          outputs == 1 ? 0 : Double(output) * last / Double(outputs - 1)
        } else {
          (Double(output) + 0.5) * Double(inputs) / Double(outputs) - 0.5
        }
      let held = min(max(position, 0), last)
      let lower = Int(held)
      return LinearTap(
        lower: lower, upper: min(lower + 1, inputs - 1), weight: Float(held - Double(lower)))
    }
  }
}
