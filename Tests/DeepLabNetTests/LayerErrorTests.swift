import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Shapes that a layer cannot take are refused before anything is computed, with what was found and
/// expected.
@Suite struct LayerErrorTests {
  private static func shape(_ height: Int, _ width: Int, _ channels: Int) -> TensorShape {
    TensorShape(height: height, width: width, channels: channels)
  }

  private static let cases: [(layer: any Layer, inputs: [TensorShape], text: String)] = [
    (Sum(), [shape(4, 4, 3), shape(4, 4, 2)], "inputs of one shape, but they are 4 × 4 × 3 and"),
    (ElementwiseMax(), [shape(4, 4, 3), shape(4, 5, 3)], "inputs of one height and width"),
    (Concatenation(), [shape(4, 4, 3), shape(3, 4, 3)], "4 × 4 × 3 and 3 × 4 × 3"),
    (BatchNormalization(channels: 5), [shape(4, 4, 3)], "takes 5 channels, but its input has 3"),
    (
      MaxPool(PoolingGeometry(kernelSize: 3, stride: 2, rounding: .floor)), [shape(2, 9, 1)],
      "window of 3 × 3 does not fit into an input of 2 × 9"
    ),
    (
      MaxPoolSwitches(PoolingGeometry(kernelSize: 2, stride: 2)), [shape(4097, 4096, 1)],
      "maps of up to 16777216 positions"
    ),
    (
      Crop(from: 3, to: .fixed(4)), [shape(6, 9, 1)],
      "takes 4 × 4 from (3, 3) on, but its input has only 6 × 9"
    ),
    (
      BilinearResize(to: .scaled(by: 0.25), corners: .halfPixel), [shape(3, 8, 1)],
      "0.25 times an input of 3 × 8 leaves nothing"
    ),
    (
      TransposedConvolution(
        from: 2, to: 1, ConvolutionGeometry(kernelSize: 1, padding: 1)), [shape(2, 5, 2)],
      "its padding leaves nothing of an input of 2 × 5"
    ),
  ]

  @Test(arguments: cases.indices) func shapesThatDoNotFitAreNamed(_ index: Int) {
    let (layer, inputs, expected) = Self.cases[index]
    let text = errorText { _ = try layer.outputShape(for: inputs) }
    #expect(text.contains(expected), "\(layer.kind): \(text)")
  }

  @Test func aNetworkNamesTheLayer() {
    var builder = NetworkBuilder()
    let pooled = builder.add(
      MaxPool(PoolingGeometry(kernelSize: 2, stride: 2)), to: .image, named: "pool")
    let sum = builder.add(Sum(), to: .image, pooled, named: "skip")
    let network = builder.network(outputs: [("scores", sum)])
    let text = errorText { _ = try network.shapes(height: 8, width: 8) }
    #expect(text.hasPrefix("layer skip: takes inputs of one height and width"), "\(text)")
  }
}
