import LatticeSupport

/// One axis of a bilateral grid: how long its cells are, and how their corners are blurred.
struct GridAxis: Sendable {
  /// What features are multiplied with: 1/h.
  let scale: Float
  /// Steps between corners that exchange something.
  let radius: Int
  /// The blur from a corner to those 0 … `radius` steps away, over that to itself.
  let taps: AlignedBuffer<Float>
  /// The blur from a corner to itself.
  let height: Double

  /// Deviations of the blur beyond which it is cut: 6e-5 of its mass lies there.
  private static let cutoff = 4.0

  /// - Parameters:
  ///   - index: the feature.
  ///   - cell: what cells measure at most. They divide the distance by which scenes are moved, so
  ///     that the grid of a tile has its corners where that of the whole has them.
  init(feature index: Int, cell: Double) {
    let period = LatticeShift.period(feature: index)
    let h = period / (period / cell).rounded(.up)
    // Splat and slice have a variance of h²/6 each.
    let variance = 1 - h * h / 3
    let radius = Int((Self.cutoff * variance.squareRoot() / h).rounded(.up))
    let values = (0...radius).map { steps in
      let distance = Double(steps) * h
      return exponential(-0.5 * distance * distance / variance)
    }
    let mass = h * (2 * values.reduce(0, +) - values[0])
    scale = Float(1 / h)
    height = (2 * Double.pi).squareRoot() / mass
    taps = AlignedBuffer(copying: values.map { Float($0) })
    self.radius = radius
  }
}
