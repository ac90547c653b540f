import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Gradients of convolutions against their definition in float64, at sizes with whole tiles and
/// parts of them.
@Suite struct ConvolutionGradientTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let layer: Convolution
    let input: TensorShape

    var testDescription: String {
      "\(layer.inputChannels) to \(layer.outputChannels), \(layer.geometry.kernelSize), "
        + "stride \(layer.geometry.stride), rate \(layer.geometry.rate), \(input)"
    }
  }

  private static func shape(_ height: Int, _ width: Int, _ channels: Int) -> TensorShape {
    TensorShape(batch: 2, height: height, width: width, channels: channels)
  }

  static let cases = [
    // Winograd's patches for the input, several blocks of rows for the weights.
    Case(
      layer: Convolution(from: 32, to: 48, kernelSize: 3, padding: 2, rate: 2),
      input: shape(33, 37, 32)),
    // Few outputs: the maps change places.
    Case(
      layer: Convolution(from: 40, to: 5, kernelSize: 3, padding: 6, rate: 6),
      input: shape(20, 17, 40)),
    // A stem, whose input has few channels; the last column is reached by no window.
    Case(
      layer: Convolution(from: 3, to: 20, kernelSize: 7, stride: 4, padding: 3),
      input: shape(31, 34, 3)),
    Case(
      layer: Convolution(from: 24, to: 64, kernelSize: 1, stride: 2, hasBias: false),
      input: shape(15, 16, 24)),
    Case(
      layer: Convolution(from: 24, to: 36, kernelSize: 3, padding: 1, groups: 3),
      input: shape(9, 11, 24)),
    Case(
      layer: Convolution(
        from: 20, to: 20, kernelSize: 5, stride: 2, padding: 4, rate: 2, groups: 20),
      input: shape(14, 13, 20)),
  ]

  /// Values in ±1.
  private static func noise(_ count: Int, seed: UInt64) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in 2 * generator.uniform() - 1 }
  }

  @Test(arguments: cases) func gradientsAreThoseOfTheDefinition(_ given: Case) throws {
    let layer = given.layer
    let input = Tensor(given.input, values: Self.noise(given.input.count, seed: 1))
    let parameters = layer.parameters.enumerated().map { index, parameter in
      ParameterValues(
        shape: parameter.shape, values: Self.noise(parameter.count, seed: 2 + UInt64(index)))
    }
    let output = try layer.outputShape(for: [given.input])
    let slope = Tensor(output, values: Self.noise(output.count, seed: 9))
    let found = try [1, 3].map {
      try layer.backward(
        slope, inputs: [input], output: slope, parameters: parameters,
        parallelism: Parallelism(threads: $0))
    }
    let expected = Self.definition(layer, input, slope, parameters[0].values())
    let values = found.map { gradients in
      [gradients.inputs[0]?.values()] + gradients.parameters.map { $0?.values() }
    }
    let isSame = values[0] == values[1]
    #expect(isSame, "threads make a difference")
    for (place, expected) in expected.enumerated() where place < values[0].count {
      let values = try #require(values[0][place])
      let worst = zip(values, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      let largest = expected.reduce(0) { max($0, abs($1)) }
      // Sums of up to 2500 products of about 1; Winograd's transforms cost another digit.
      #expect(worst <= 2e-5 * max(largest, 10), "gradient \(place): \(worst) of \(largest)")
    }
  }

  /// Of the input, the weight, the bias.
  private static func definition(
    _ layer: Convolution, _ input: Tensor, _ slope: Tensor, _ weight: [Float]
  ) -> [[Double]] {
    let (from, to, geometry) = (input.shape, slope.shape, layer.geometry)
    let (x, g) = (input.values(), slope.values())
    let (inputs, outputs) = (from.channels / layer.groups, to.channels / layer.groups)
    let taps = geometry.kernelSize.rows * geometry.kernelSize.columns
    var ofInput = [Double](repeating: 0, count: from.count)
    var ofWeight = [Double](repeating: 0, count: weight.count)
    var ofBias = [Double](repeating: 0, count: to.channels)
    for position in 0..<to.positions {
      let (image, place) = position.quotientAndRemainder(dividingBy: to.height * to.width)
      for tap in 0..<taps {
        let row =
          place / to.width * geometry.stride.rows - geometry.padding.rows
          + tap / geometry.kernelSize.columns * geometry.rate.rows
        let column =
          place % to.width * geometry.stride.columns - geometry.padding.columns
          + tap % geometry.kernelSize.columns * geometry.rate.columns
        guard (0..<from.height).contains(row), (0..<from.width).contains(column) else { continue }
        let start = ((image * from.height + row) * from.width + column) * from.channels
        for output in 0..<to.channels {
          let slope = Double(g[position * to.channels + output])
          for channel in 0..<inputs {
            let read = start + output / outputs * inputs + channel
            let factor = (output * inputs + channel) * taps + tap
            ofInput[read] += slope * Double(weight[factor])
            ofWeight[factor] += slope * Double(x[read])
          }
        }
      }
      for output in 0..<to.channels { ofBias[output] += Double(g[position * to.channels + output]) }
    }
    return [ofInput, ofWeight, ofBias]
  }
}
