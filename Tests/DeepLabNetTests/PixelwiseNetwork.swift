import DeepLabNet
import LatticeSupport
import Unaries

/// A network that looks at one pixel at a time: three scores that are mixtures of its colours.
enum PixelwiseNetwork {
  private static let entry = CatalogEntry(
    name: "pixelwise", summary: "one pixel at a time", paper: "none", year: 2026,
    preprocessing: Preprocessing(
      order: .rgb, divisor: 255, mean: [0.5, 0.5, 0.5], deviation: [1, 1, 1]),
    resize: .bilinear(.halfPixel)
  ) { classes, _ in
    var builder = NetworkBuilder()
    let scores = builder.add(
      Convolution(from: 3, to: classes, kernelSize: 1), to: .image, named: "score")
    return builder.network(outputs: [("scores", scores)])
  }

  static func segmenter(_ options: SegmentationOptions = SegmentationOptions()) throws -> Segmenter
  {
    let network = try entry.make(classes: 3)
    return try Segmenter(
      entry, network: network, parameters: InitialParameters(for: network), options: options)
  }

  static func photograph(width: Int, height: Int) throws -> Image {
    var generator = SeededGenerator(seed: 3)
    return try Image(
      width: width, height: height,
      rgb: (0..<3 * width * height).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }
}
