import CKernels
import Support

/// The exact Gaussian of positions on a grid: one pass an axis, O(N·Σσ·C).
///
/// exp(−½Σ(Δₐ/σₐ)²) is the product of one factor an axis. Taps end where a factor is below half a
/// unit in the last place of 1, so the sum is that over all pairs to rounding error.
public struct SeparableGaussian: GaussianFilter {
  /// N, the number of grid points.
  public let points: Int

  private let extents: [Int]
  /// For each axis, the factor at distance 0, 1, 2, …
  private let taps: [[Float]]
  private let parallelism: Parallelism

  /// exp(−½·5.9²) < 2⁻²⁵.
  private static let reach: Float = 5.9

  /// The Gaussian of `grid`.
  public init(_ grid: FeatureMatrix.GridPositions, parallelism: Parallelism = .automatic) {
    extents = grid.extents
    points = grid.extents.reduce(1, *)
    self.parallelism = parallelism
    taps = zip(grid.extents, grid.bandwidths).map { extent, bandwidth in
      let radius = min(Float(extent - 1), (Self.reach * bandwidth).rounded(.up))
      return (0...Int(radius)).map { distance in
        let steps = Double(distance) / Double(bandwidth)
        return Float(exponential(-0.5 * steps * steps))
      }
    }
  }

  /// - Complexity: O(N·C·Σ min(extent, 12σ)); two fields of scratch memory.
  public func apply(to values: ChannelField, into output: inout ChannelField) {
    checkShapes(values, output)
    var input = values
    var scratch = ChannelField(uninitializedPoints: points, channels: values.channels)
    for axis in extents.indices.reversed() {
      convolve(input, along: axis, into: &scratch)
      if axis > 0 { swap(&input, &scratch) }
    }
    swap(&output, &scratch)
  }

  /// Rows of a line are `step` points apart; the points between two of them are filtered together.
  private func convolve(_ input: ChannelField, along axis: Int, into output: inout ChannelField) {
    let stride = input.stride
    let extent = extents[axis]
    let taps = taps[axis]
    let step = extents[(axis + 1)...].reduce(1, *)
    let source = input.base
    let target = output.mutableBase()
    let run = step * stride
    parallelism.forEach(points / step) { line in
      let position = line % extent
      let result = target + line * run
      let centre = source + line * run
      ck_scale(centre, taps[0], run, result)
      for distance in 1..<max(1, taps.count) {
        if position >= distance {
          ck_add_scaled(centre - distance * run, taps[distance], run, result)
        }
        if position + distance < extent {
          ck_add_scaled(centre + distance * run, taps[distance], run, result)
        }
      }
    }
  }
}
