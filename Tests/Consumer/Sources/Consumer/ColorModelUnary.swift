import LatticeSupport
import Unaries

/// A segmenter without a network: every label has a typical colour.
///
/// θ(l) = ‖I − colour(l)‖² / 2σ², the energy of a Gaussian around that colour.
struct ColorModelUnary: Unary {
  /// Red, green and blue of each label, 0…255.
  var colors: [[Float]]
  /// How far colours stray from the typical one.
  var sigma: Float

  var labelCount: Int { colors.count }

  func energies(for scene: Scene) throws -> EnergyField {
    guard let image = scene.image, image.channels == 3 else {
      throw InputError(.usage, "a colour model needs an image in red, green and blue")
    }
    var energies = ChannelField(points: scene.grid.count, channels: labelCount)
    for point in 0..<scene.grid.count {
      for (label, color) in colors.enumerated() {
        energies[point, label] = (0..<3).reduce(0) { sum, channel in
          let difference = (image[point, channel] - color[channel]) / sigma
          return sum + 0.5 * difference * difference
        }
      }
    }
    return try EnergyField(grid: scene.grid, values: energies)
  }
}
