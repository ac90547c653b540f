import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// A transposed convolution by a plan, which writes it as a convolution where it can, by its own
/// kernel, and by its definition.
@Suite struct TransposedConvolutionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let layer: TransposedConvolution
    let height: Int
    let width: Int
    /// Whether a plan writes it as a convolution.
    let isRewritten: Bool

    init(
      _ inputs: Int, _ outputs: Int, _ geometry: ConvolutionGeometry, _ height: Int, _ width: Int,
      outputPadding: ConvolutionGeometry.Extent = 0, groups: Int = 1, hasBias: Bool = true,
      isRewritten: Bool = true
    ) {
      layer = TransposedConvolution(
        from: inputs, to: outputs, geometry, outputPadding: outputPadding, groups: groups,
        hasBias: hasBias)
      (self.height, self.width, self.isRewritten) = (height, width, isRewritten)
    }

    var testDescription: String {
      "\(height) × \(width): \(layer.inputChannels) → \(layer.outputChannels), \(layer.geometry)"
    }
  }

  static let cases = [
    Case(64, 48, .init(kernelSize: 3, padding: 1), 15, 14),
    Case(33, 40, .init(kernelSize: 3, padding: 1), 28, 9, hasBias: false),
    Case(40, 24, .init(kernelSize: 7), 1, 1),
    Case(12, 20, .init(kernelSize: .init(rows: 2, columns: 5)), 4, 3),
    Case(16, 16, .init(kernelSize: 3, padding: 2, rate: 2), 9, 8),
    Case(8, 12, .init(kernelSize: 3, padding: 1), 6, 5, groups: 4),
    Case(6, 5, .init(kernelSize: 1), 4, 4),
    Case(6, 6, .init(kernelSize: 4, stride: 2, padding: 1), 5, 6, isRewritten: false),
    // More padding than the window reaches: no convolution pads by less than nothing.
    Case(6, 5, .init(kernelSize: 2, padding: 2), 7, 8, isRewritten: false),
    Case(
      5, 6, .init(kernelSize: 3, stride: 2, padding: 1), 4, 4, outputPadding: 1,
      isRewritten: false),
  ]

  @Test(arguments: cases)
  func aPlanGivesWhatTheKernelAndTheDefinitionGive(_ given: Case) throws {
    var builder = NetworkBuilder(inputChannels: given.layer.inputChannels)
    let output = builder.add(given.layer, to: .image, named: "deconv")
    let normalized = builder.add(
      BatchNormalization(channels: given.layer.outputChannels, hasStatistics: false), to: output,
      named: "bn")
    let rectified = builder.add(Activation.relu, to: normalized, named: "relu")
    let network = builder.network(outputs: [("scores", rectified)])
    var generator = SeededGenerator(seed: 11)
    let values = RandomParameters(network, &generator)
    let shape = TensorShape(
      height: given.height, width: given.width, channels: given.layer.inputChannels)
    let image = Tensor(
      shape, values: (0..<shape.count).map { _ in Float.random(in: -1...1, using: &generator) })

    let plan = try PreparedNetwork(
      network, parameters: values, height: given.height, width: given.width
    ).plan(height: given.height, width: given.width)
    var steps: [InferencePlan.Observation] = []
    let planned = plan.run(image) { step, run in
      steps.append(step)
      run()
    }[0]
    #expect(steps.map(\.name) == (given.isRewritten ? ["deconv"] : ["deconv", "bn", "relu"]))
    #expect((steps[0].algorithm != nil) == given.isRewritten)

    let straight = try #require(
      try StraightExecution(network, parameters: values).run(image)["scores"])
    let truth = try definition(given.layer, values, image)
    // As in `ConvolutionTests`: sums of products of values in ±1, and Winograd's transforms.
    let taps = given.layer.geometry.kernelSize.rows * given.layer.geometry.kernelSize.columns
    let products = given.layer.inputChannels / given.layer.groups * taps
    let tolerance = 8e-7 * Double(products) + 1e-6
    for (found, expected) in [(planned, truth), (straight, truth)] {
      let worst = zip(found.values(), expected).map { abs(Double($0) - $1) }.max() ?? .infinity
      #expect(worst <= tolerance)
    }
  }

  /// What every input value adds to the output, in float64; then scale, shift and ReLU.
  private func definition(
    _ layer: TransposedConvolution, _ parameters: RandomParameters, _ image: Tensor
  ) throws -> [Double] {
    let shape = try layer.outputShape(for: [image.shape])
    let weight = try parameters.values(of: "deconv.weight").values()
    let (ins, outs) = (
      layer.inputChannels / layer.groups, layer.outputChannels / layer.groups
    )
    let geometry = layer.geometry
    var sums = [Double](repeating: 0, count: shape.count)
    for row in 0..<image.shape.height {
      for column in 0..<image.shape.width {
        for tapRow in 0..<geometry.kernelSize.rows {
          for tapColumn in 0..<geometry.kernelSize.columns {
            let y = row * geometry.stride.rows - geometry.padding.rows + tapRow * geometry.rate.rows
            let x =
              column * geometry.stride.columns - geometry.padding.columns
              + tapColumn * geometry.rate.columns
            guard 0..<shape.height ~= y, 0..<shape.width ~= x else { continue }
            for input in 0..<layer.inputChannels {
              let value = Double(image[0, row, column, input])
              for out in 0..<outs {
                let tap =
                  ((input * outs + out) * geometry.kernelSize.rows + tapRow)
                  * geometry.kernelSize.columns + tapColumn
                sums[(y * shape.width + x) * shape.channels + input / ins * outs + out] +=
                  value * Double(weight[tap])
              }
            }
          }
        }
      }
    }
    let bias = layer.hasBias ? try parameters.values(of: "deconv.bias").values() : nil
    let scale = try parameters.values(of: "bn.weight").values()
    let shift = try parameters.values(of: "bn.bias").values()
    return sums.enumerated().map { index, sum in
      let channel = index % shape.channels
      let value = (sum + Double(bias?[channel] ?? 0)) * Double(scale[channel])
      return max(0, value + Double(shift[channel]))
    }
  }
}

/// Values in ±1 for every parameter.
private struct RandomParameters: ParameterSource {
  private let values: [String: ParameterValues]

  init(_ network: Network, _ generator: inout SeededGenerator) {
    var values: [String: ParameterValues] = [:]
    for (name, specification) in network.parameters {
      values[name] = ParameterValues(
        shape: specification.shape,
        values: (0..<specification.count).map { _ in
          Float.random(in: -1...1, using: &generator)
        })
    }
    self.values = values
  }

  func values(of name: String) throws -> ParameterValues { try #require(values[name]) }
}
