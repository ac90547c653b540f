import DeepLabNet
import Formats
import TestSupport
import Testing
import Unaries

/// Batch statistics, their gradients, and the running ones.
@Suite(.enabled(if: Shared.isPresent, Shared.absence)) struct BatchNormalizationTests {
  private static func array(_ name: String) throws -> NumericArray {
    try NPY.read(Shared.fixture("net/train/bn_train/\(name).npy"))
  }

  private static func tensor(_ name: String) throws -> Tensor {
    try Tensor(channelsFirst: array(name))
  }

  /// conv1 – bn1 – ReLU – conv2 – bn2 – ReLU.
  private static func network() throws -> Network {
    let (first, second) = (
      try array("init.conv1.weight").shape, try array("init.conv2.weight").shape
    )
    var builder = NetworkBuilder(inputChannels: first[1])
    var source = builder.add(
      Convolution(from: first[1], to: first[0], kernelSize: 3, padding: 1, hasBias: false),
      to: .image, named: "conv1")
    source = builder.add(BatchNormalization(channels: first[0]), to: source, named: "bn1")
    source = builder.add(Activation.relu, to: source, named: "relu1")
    source = builder.add(
      Convolution(from: second[1], to: second[0], kernelSize: 3, stride: 2, padding: 2, rate: 2),
      to: source, named: "conv2")
    source = builder.add(
      BatchNormalization(channels: second[0], epsilon: 1e-3), to: source, named: "bn2")
    source = builder.add(Activation.relu, to: source, named: "relu2")
    return builder.network(outputs: [("out", source)])
  }

  @Test func passesAreThoseOfPyTorch() throws {
    let network = try Self.network()
    let graph = TrainingGraph(network, normalization: .batch)
    // Convolution and normalisation, each with what is fused to it.
    #expect(graph.stepCount == 4)
    var parameters = try network.parameters.map { parameter in
      let array = try Self.array("init.\(parameter.name)")
      return ParameterValues(shape: array.shape, values: array.values)
    }
    for number in 0..<2 {
      let pass = try TrainingPass(
        graph, image: Self.tensor("p\(number).x"), parameters: parameters, dropoutSeed: 0,
        parallelism: .automatic)
      let difference = try TensorDifference(pass.outputs[0], Self.tensor("p\(number).y"))
      // Sums of some tens of products, divided by a deviation.
      #expect(difference.relative < 1e-5, "\(difference)")
      for (found, share) in zip(pass.statistics, [0.1, 0.01]) {
        found.moments.update(parameters[found.mean], parameters[found.mean + 1], share: share)
      }
      var gradients = ParameterGradients(count: parameters.count)
      try pass.backward(from: [Self.tensor("p\(number).gy")], addingTo: &gradients)
      for (index, parameter) in network.parameters.enumerated() {
        let isLearned = parameter.specification.isLearned
        let name = isLearned ? "p\(number).grad.\(parameter.name)" : "p\(number).\(parameter.name)"
        let expected = try Self.array(name).values
        let found = isLearned ? try #require(gradients.values[index]) : parameters[index]
        let largest = expected.reduce(1e-3) { max($0, abs($1)) }
        let worst = zip(found.values(), expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
        // A bias before a normalisation has no gradient but the rounding of sums that cancel.
        #expect(worst <= 3e-5 * largest + 2e-5, "\(name): \(worst) of \(largest)")
      }
      parameters = parameters.map { ParameterValues(shape: $0.shape, values: $0.values()) }
    }
  }
}
