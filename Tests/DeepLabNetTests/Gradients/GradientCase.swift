import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// A layer with inputs and parameters whose gradients are to be found.
struct GradientCase: Sendable, CustomTestStringConvertible {
  let layer: any Layer
  let shapes: [TensorShape]
  /// What values are multiplied by.
  let scale: Float
  /// How far values may be moved without passing a kink.
  let step: Float
  /// The second input's values, where they are positions.
  let switches: [Float]

  var testDescription: String { layer.kind }

  /// Values lie a quarter apart and an eighth from whole numbers, so that a thirty-second moves no
  /// value past another or past a kink.
  private static let short: Float = 1 / 32
  /// Without kinks, a long step leaves less of the rounding.
  private static let long: Float = 16

  private init(
    _ layer: any Layer, _ shapes: TensorShape..., scale: Float = 1, hasKinks: Bool = false,
    switches: [Float] = []
  ) {
    self.layer = layer
    self.shapes = shapes
    self.scale = scale
    self.switches = switches
    step = hasKinks ? Self.short : Self.long
  }

  private static let few = TensorShape(height: 3, width: 4, channels: 3)
  private static let some = TensorShape(batch: 2, height: 6, width: 5, channels: 2)
  /// More channels than a vector or a piece of work has.
  private static let many = TensorShape(batch: 2, height: 5, width: 6, channels: 17)
  /// Of another size.
  private static let model = TensorShape(batch: 2, height: 4, width: 3, channels: 1)

  private static let window = PoolingGeometry(kernelSize: 3, stride: 2, padding: 1)
  private static let unpadded = PoolingGeometry(
    kernelSize: .init(rows: 3, columns: 2), stride: 2, rounding: .floor)

  /// Convolutions, whose outputs are sums: smaller values keep their rounding below the tolerance.
  private static let convolutions = [
    Convolution(from: 2, to: 3, kernelSize: 3, padding: 1),
    Convolution(from: 2, to: 1, kernelSize: .init(rows: 1, columns: 3), stride: 2, hasBias: false),
    Convolution(from: 2, to: 4, kernelSize: 3, padding: 4, rate: 4),
    Convolution(from: 2, to: 4, kernelSize: 2, stride: .init(rows: 2, columns: 1), groups: 2),
    Convolution(from: 2, to: 2, kernelSize: 3, stride: 2, padding: 1, groups: 2),
    Convolution(from: 2, to: 33, kernelSize: 1),
  ].map { GradientCase($0, some, scale: 1 / 16) }

  private static let transposed = [
    TransposedConvolution(
      from: 2, to: 3, ConvolutionGeometry(kernelSize: 4, stride: 2, padding: 1)),
    TransposedConvolution(
      from: 2, to: 2, ConvolutionGeometry(kernelSize: 3, stride: 3, padding: 1, rate: 2),
      outputPadding: 1, groups: 2, hasBias: false),
    TransposedConvolution(
      from: 2, to: 2, ConvolutionGeometry(kernelSize: 3), hasBias: false, isFrozen: true),
  ].map { GradientCase($0, some, scale: 1 / 16) }

  static let all =
    convolutions + transposed + [
      GradientCase(Sum(), few, few, few),
      GradientCase(Scale(by: 0.01), few),
      GradientCase(Dropout(), few),
      GradientCase(Concatenation(), few, few.with(channels: 2), few),
      GradientCase(Crop(from: .init(rows: 1, columns: 2), to: .fixed(2)), few),
      GradientCase(Crop(from: 1, to: .ofLastInput), many, model),
      GradientCase(Activation.relu, some, hasKinks: true),
      GradientCase(Activation.relu6, some, hasKinks: true),
      GradientCase(Activation.hardSigmoid, some, hasKinks: true),
      GradientCase(Activation.hardSwish, some, hasKinks: true),
      GradientCase(ElementwiseMax(), few, few, few, hasKinks: true),
      GradientCase(BatchNormalization(channels: 17), many, scale: 1 / 16),
      GradientCase(BatchNormalization(channels: 17, hasStatistics: false), many, scale: 1 / 16),
      GradientCase(GlobalAveragePool(), many),
      GradientCase(AveragePool(window), many),
      GradientCase(AveragePool(window, countsPadding: false), many),
      GradientCase(AveragePool(unpadded), many),
      GradientCase(MaxPool(window), many, hasKinks: true),
      GradientCase(MaxPool(unpadded), many, hasKinks: true),
      // Of two values for one place the last one stays, and the place 9 lies outside.
      GradientCase(
        MaxUnpool(to: .fixed(3)), few.with(height: 2, width: 2), few.with(height: 2, width: 2),
        switches: [0, 8, 1, 4, 8, 2, 0, 3, 3, 9, 8, 4]),
      GradientCase(BilinearResize(to: .ofLastInput, corners: .aligned), many, model),
      GradientCase(BilinearResize(to: .fixed(9), corners: .aligned), few),
      GradientCase(BilinearResize(to: .fixed(9), corners: .halfPixel), few),
      GradientCase(BilinearResize(to: .scaled(by: 0.7), corners: .halfPixel), some),
      // Smooth, but curved: what has kinks for others is short enough here.
      GradientCase(Softmax(), few.with(channels: 5), scale: 1 / 8, hasKinks: true),
    ]

  func inputs() -> [Tensor] {
    var generator = SeededGenerator(seed: 3)
    let count = shapes.map(\.count).reduce(0, +)
    var values = (0..<count).map { scale * (0.25 * Float($0 - count / 2) + 0.125) }
    values.shuffle(using: &generator)
    var tensors = shapes.map { shape in
      defer { values.removeFirst(shape.count) }
      return Tensor(shape, values: Array(values.prefix(shape.count)))
    }
    if !switches.isEmpty { tensors[1] = Tensor(shapes[1], values: switches) }
    return tensors
  }

  func parameters() -> [ParameterValues] {
    var generator = SeededGenerator(seed: 4)
    return layer.parameters.map { specification in
      // Variances are positive.
      let values = (0..<specification.count).map { _ in 0.5 + generator.uniform() }
      return ParameterValues(shape: specification.shape, values: values)
    }
  }

  /// How a loss changes with an output of this shape.
  static func gradient(_ shape: TensorShape) -> Tensor {
    var generator = SeededGenerator(seed: 5)
    return Tensor(shape, values: (0..<shape.count).map { _ in 2 * generator.uniform() - 1 })
  }
}
