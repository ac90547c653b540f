import Lattice
import LatticeSupport
import MeanField
import Unaries

/// Neighbours of like hue ought to share a label, in light or in shadow.
///
/// Compares positions and the shares of red and green in a colour, which shadows leave alone.
struct ChromaKernel: PairwiseKernel {
  /// In pixels.
  var spatialSigma: Float
  /// Of shares, which lie in 0…1.
  var chromaSigma: Float

  var name: String { "chroma:spatial=\(spatialSigma),chroma=\(chromaSigma)" }

  func features(for scene: Scene, parallelism: Parallelism) throws -> FeatureMatrix {
    guard let image = scene.image, image.channels == 3, image.grid.rank == 2 else {
      throw InputError(.usage, "a chroma kernel needs an image in red, green and blue")
    }
    var rows: [Float] = []
    rows.reserveCapacity(4 * image.grid.count)
    for point in 0..<image.grid.count {
      let (y, x) = point.quotientAndRemainder(dividingBy: image.grid.width)
      // One more than the sum, so that black is gray and nothing is divided by 0.
      let sum = image[point, 0] + image[point, 1] + image[point, 2] + 1
      rows += [
        Float(x) / spatialSigma, Float(y) / spatialSigma,
        image[point, 0] / sum / chromaSigma, image[point, 1] / sum / chromaSigma,
      ]
    }
    return try FeatureMatrix(points: image.grid.count, dimensions: 4, rows: rows)
  }
}

extension KernelKind {
  /// `chroma:weight=4,spatial=50,chroma=0.03`, once it is registered.
  static let chroma = KernelKind(
    name: "chroma", summary: "positions and hues",
    settings: [
      .spatial,
      Setting("chroma", .number(.above(0)), "σ of the shares of colours, which lie in 0…1"),
    ], example: "chroma:weight=4,spatial=50,chroma=0.03", needsImage: true
  ) { settings, _, _ in
    ChromaKernel(
      spatialSigma: settings.required("spatial").values[0],
      chromaSigma: Float(settings.number("chroma") ?? 1))
  }
}
