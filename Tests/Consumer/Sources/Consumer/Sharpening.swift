import LatticeSupport
import Unaries

/// Marginals raised to a power and normalised again: a refinement in a few lines.
struct Sharpening: Refinement {
  /// Above 0; 1 leaves probabilities as they are.
  var power: Float

  var name: String { "sharpen:power=\(power)" }

  /// Each point depends on itself alone, so tiles need not overlap for it.
  var reach: Reach { .steps(0) }

  func refine(
    _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
  ) throws -> Refined {
    // p^power is softmax(−power·θ).
    let (grid, values) = (energies.grid, energies.values)
    var scaled = ChannelField(points: values.points, channels: values.channels)
    for point in 0..<values.points {
      for label in 0..<values.channels {
        scaled[point, label] = min(power * values[point, label], 1e6)
      }
    }
    let probabilities = try EnergyField(grid: grid, values: scaled)
      .probabilities(parallelism: request.parallelism)
    return Refined(try Marginals(grid: grid, values: probabilities))
  }
}

extension RefinementKind {
  /// `--step sharpen:power=2`, once it is registered.
  static let sharpen = RefinementKind(
    name: "sharpen", summary: "probabilities raised to a power",
    settings: [Setting("power", .number(.above(0)), "above 1 sharpens, below softens")],
    example: "sharpen:power=2"
  ) { settings, _ in
    Sharpening(power: Float(settings.number("power") ?? 1))
  }
}
