import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// What layers' backward passes find.
struct LayerGradientTests {
  /// Outputs are rounded to 2⁻²⁴ of themselves, and quotients multiply that by 1.5 / step. Where
  /// values are but copied there is no rounding; the other outputs are up to 1 with a short step,
  /// 1.5 · 32 · 2⁻²⁴ = 3e-6, or up to 40 with a long one, 2e-7 for each of up to sixty outputs that
  /// one value or parameter is in.
  private static let tolerance = 4e-6

  @Test(arguments: GradientCase.all) func gradientsAreThoseOfDifferences(_ given: GradientCase)
    throws
  {
    let (inputs, parameters) = (given.inputs(), given.parameters())
    let output = try run(given.layer, inputs, parameters)
    let quotients = DifferenceQuotients(
      layer: given.layer, inputs: inputs, parameters: parameters,
      gradient: GradientCase.gradient(output.shape), step: given.step)
    let found = try given.layer.backward(
      quotients.gradient, inputs: inputs, output: output, parameters: parameters,
      parallelism: .automatic)
    #expect(found.inputs.count == inputs.count)
    #expect(found.parameters.count == parameters.count)

    func check(_ found: [Float], _ expected: [Double], _ name: String) {
      let worst = zip(found, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      #expect(worst <= Self.tolerance, "\(name)")
    }
    for (index, input) in found.inputs.enumerated() {
      guard let input else { continue }
      #expect(input.shape == inputs[index].shape)
      check(input.values(), try quotients.ofInput(index), "input \(index)")
    }
    for (index, specification) in given.layer.parameters.enumerated() {
      let parameter = found.parameters[index]
      #expect((parameter != nil) == specification.isLearned)
      guard let parameter else { continue }
      #expect(parameter.shape == specification.shape)
      check(parameter.values(), try quotients.ofParameter(index), specification.name)
    }
  }

  /// Training throws away what a layer does not claim to read.
  @Test(arguments: GradientCase.all) func onlyWhatIsClaimedIsRead(_ given: GradientCase) throws {
    let (inputs, parameters) = (given.inputs(), given.parameters())
    let output = try run(given.layer, inputs, parameters)
    let slope = GradientCase.gradient(output.shape)
    func gradients(_ inputs: [Tensor], _ output: Tensor) throws -> [[Float]?] {
      let found = try given.layer.backward(
        slope, inputs: inputs, output: output, parameters: parameters, parallelism: .serial)
      return found.inputs.map { $0?.values() } + found.parameters.map { $0?.values() }
    }
    let nothing = Tensor(TensorShape(height: 1, width: 1, channels: 1), values: [.nan])
    func kept(_ tensor: Tensor, _ isRead: Bool) -> Tensor { isRead ? tensor : nothing }
    let reads = given.layer.backwardReads
    let found = try gradients(
      inputs.map { kept($0, reads.contains(.inputs)) }, kept(output, reads.contains(.output)))
    let isSame = try found == gradients(inputs, output)
    #expect(isSame)
  }

  @Test(arguments: GradientCase.all.filter { $0.shapes.count > 1 })
  func inputsThatAreNoValuesHaveNoGradient(_ given: GradientCase) throws {
    let inputs = given.inputs()
    let output = try run(given.layer, inputs, [])
    let found = try given.layer.backward(
      GradientCase.gradient(output.shape), inputs: inputs, output: output, parameters: [],
      parallelism: .serial)
    let usesAll =
      given.layer is Sum || given.layer is Concatenation || given.layer is ElementwiseMax
    #expect(found.inputs.map { $0 != nil } == inputs.indices.map { $0 == 0 || usesAll })
  }

  private static let withoutGradients: Set = ["softmax_cross_entropy", "label_nearest"]

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: OperatorCase.all().filter { !Self.withoutGradients.contains($0.operation) })
  func gradientsAreThoseOfPyTorch(_ golden: OperatorCase) throws {
    let (layer, inputs) = (try golden.layer(), try golden.inputs())
    let parameters = try golden.parameters()
    let gradient = try Tensor(channelsFirst: #require(try golden.array("gy")))
    let found = try layer.backward(
      gradient, inputs: inputs, output: run(layer, inputs, parameters), parameters: parameters,
      parallelism: .automatic)
    for (input, name) in zip(found.inputs, ["dx", "dz", "dt"]) {
      guard let expected = try golden.array(name) else {
        #expect(input == nil)
        continue
      }
      let difference = try TensorDifference(#require(input), Tensor(channelsFirst: expected))
      #expect(difference.relative <= OperatorTests.tolerance, "\(name): \(difference)")
    }
    let names = try golden.array("w") == nil ? ["dweight", "dbias"] : ["dw", "db"]
    for (parameter, name) in zip(found.parameters, names) {
      let expected = try #require(try golden.array(name)).values
      let values = try #require(parameter).values()
      let largest = expected.reduce(0) { max($0, abs($1)) }
      #expect(
        zip(values, expected).allSatisfy { abs($0 - $1) <= OperatorTests.tolerance * largest })
    }
  }

  @Test func gradientsGoToTheFirstOfEquals() throws {
    let ones = Tensor(TensorShape(height: 2, width: 2, channels: 1), values: [1, 1, 1, 1])
    let pool = MaxPool(PoolingGeometry(kernelSize: 2, stride: 2))
    let pooled = try pool.backward(
      Tensor(TensorShape(height: 1, width: 1, channels: 1), values: [5]), inputs: [ones],
      output: run(pool, [ones], []), parameters: [], parallelism: .serial)
    #expect(pooled.inputs.map { $0?.values() } == [[5, 0, 0, 0]])
    let largest = try ElementwiseMax().backward(
      ones, inputs: [ones, ones], output: ones, parameters: [], parallelism: .serial)
    #expect(largest.inputs.map { $0?.values() } == [[1, 1, 1, 1], [0, 0, 0, 0]])
  }

  /// Maps that are cut into several pieces of work.
  @Test(
    arguments: [
      BatchNormalization(channels: 20), MaxPool(PoolingGeometry(kernelSize: 3, stride: 2)),
      AveragePool(PoolingGeometry(kernelSize: 3, stride: 2)), GlobalAveragePool(), Softmax(),
      BilinearResize(to: .scaled(by: 0.5), corners: .halfPixel), Activation.hardSwish, Sum(),
      ElementwiseMax(), Scale(by: 3), Concatenation(),
    ] as [any Layer])
  func threadsMakeNoDifference(_ layer: any Layer) throws {
    let input = GradientCase.gradient(
      TensorShape(batch: 2, height: 90, width: 91, channels: 20))
    let parameters = layer.parameters.map {
      ParameterValues(shape: $0.shape, values: [Float](repeating: 0.5, count: $0.count))
    }
    let output = try run(layer, [input], parameters)
    let found = try [1, 3].map { threads in
      let gradients = try layer.backward(
        GradientCase.gradient(output.shape), inputs: [input], output: output,
        parameters: parameters, parallelism: Parallelism(threads: threads))
      return gradients.inputs.map { $0?.values() } + gradients.parameters.map { $0?.values() }
    }
    let isSame = found[0] == found[1]
    #expect(isSame)
  }

  @Test func aLayerForInferenceAloneSaysSo() {
    let layer = MaxPoolSwitches(PoolingGeometry(kernelSize: 2, stride: 2))
    let map = Tensor(zeros: TensorShape(height: 1, width: 1, channels: 1))
    let text = errorText {
      _ = try layer.backward(
        map, inputs: [map], output: map, parameters: [], parallelism: .serial)
    }
    #expect(text.hasPrefix("pool switches layers have no gradient"))
  }
}
