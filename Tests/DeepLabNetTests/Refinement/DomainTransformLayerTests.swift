import DeepLabNet
import LatticeSupport
import Testing

/// A domain transform as a network's layer.
struct DomainTransformLayerTests {
  @Test("gradients by scores, edges and both σ are those of differences")
  func differences() throws {
    var generator = SeededGenerator(seed: 6)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform() } }
    let shape = TensorShape(batch: 2, height: 5, width: 6, channels: 3)
    let edgeShape = shape.with(channels: 1)
    var settings = DomainTransformSettings()
    (settings.spatialSigma, settings.edgeSigma, settings.stride) = (6, 0.5, 2)
    settings.learnsBandwidths = true
    let layer = DomainTransformLayer(settings)
    #expect(try layer.outputShape(for: [shape, edgeShape]) == shape)
    let given = [Tensor(shape, values: numbers(180)), Tensor(edgeShape, values: numbers(60))]
    let upstream = Tensor(shape, values: numbers(180).map { $0 - 0.5 })
    let parameters = layer.parameters.map {
      ParameterValues(shape: $0.shape, values: $0.initial ?? [])
    }
    func loss(_ inputs: [Tensor], _ parameters: [ParameterValues]) -> Double {
      let output = Tensor(zeros: shape)
      layer.forward(inputs, parameters: parameters, into: output, parallelism: .serial)
      return zip(output.values(), upstream.values()).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
    }
    let found = try layer.backward(
      upstream, inputs: given, output: Tensor(zeros: shape), parameters: parameters,
      parallelism: .serial)
    // 180 outputs of up to 1, each 1e-7 off at random: 1e-6, over steps of 0.01.
    let tolerance = 3e-4
    for (input, tensor) in given.enumerated() {
      let values = tensor.values()
      let gradient = try #require(found.inputs[input]).values()
      for index in values.indices {
        func moved(_ step: Float) -> [Tensor] {
          var (inputs, changed) = (given, values)
          changed[index] += step
          inputs[input] = Tensor(tensor.shape, values: changed)
          return inputs
        }
        let slope = (loss(moved(0.01), parameters) - loss(moved(-0.01), parameters)) / 0.02
        #expect(abs(Double(gradient[index]) - slope) < tolerance, "input \(input), \(index)")
      }
    }
    let byLogs = try #require(found.parameters[0]).values()
    for index in 0..<2 {
      func moved(_ step: Float) -> [ParameterValues] {
        var values = parameters[0].values()
        values[index] += step
        return [ParameterValues(shape: [2], values: values)]
      }
      let slope = (loss(given, moved(0.01)) - loss(given, moved(-0.01))) / 0.02
      #expect(abs(Double(byLogs[index]) - slope) < tolerance, "σ \(index)")
    }
  }
}
