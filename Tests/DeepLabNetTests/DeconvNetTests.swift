import DeepLabNet
import Support
import TestSupport
import Testing
import Unaries

/// DeconvNet with the fixtures' weights, a gigabyte of them: one test at a time.
@Suite(.enabled(if: Shared.isPresent, Shared.absence), .serialized) struct DeconvNetTests {
  private static let folder = "deconvnet_vgg16"
  /// The layer whose output the reference calls `fc7_native`.
  private static let code = "bnfc7.relu"
  /// Of a score's deviation. PyTorch in float32 has a median error of 3e-6 and is wrong where a switch has moved.
  private static let tolerance: Float = 1e-3
  /// A way to compute the scores, and the share of them that must agree. Rounding decides between values that are
  /// nearly equal which switch is set, and values behind it move by a pixel: PyTorch in float32 disagrees in
  /// 0.4 %. Winograd's rounding is some ten times coarser, and as many times more values are nearly equal to it.
  enum Way: CaseIterable {
    /// Each layer by itself.
    case straight
    /// By a plan of direct convolutions.
    case direct
    /// By a plan of the fastest convolutions.
    case fastest

    var agreement: Double { self == .fastest ? 0.94 : 0.985 }
  }

  @Test(arguments: Way.allCases)
  func scoresAreThoseOfTheReferenceButForMovedSwitches(_ way: Way) throws {
    let entry = try NetworkCatalog.entry(named: "deconvnet")
    let outputs = try outputs(of: entry.make(), named: ["scores", Self.code])
    let weights = try MappedCheckpoint(outputs, in: FixtureWeights(folder: Self.folder))
    for golden in NetworkCase.all(in: Self.folder) {
      let input = try entry.preprocessing.tensor(for: golden.image())
      let (scores, code) = try run(outputs, weights, input, way)

      let difference = try TensorDifference(code, golden.output("fc7_native"))
      print("\(golden.testDescription), \(way), fc7: \(difference)")
      #expect(difference.largest <= Self.tolerance * difference.deviation)

      let found = scores.subsampled(by: golden.subsampling(of: "out"))
      let expected = try golden.output("out")
      let deviation = try TensorDifference(found, expected).deviation
      let equal = zip(found.values(), expected.values()).count {
        abs($0 - $1) <= Self.tolerance * deviation
      }
      let share = Double(equal) / Double(found.shape.count)
      let classes = zip(scores.argMax(), try golden.labels()).count { $0 == $1 }
      let pixels = Double(classes) / Double(scores.shape.positions)
      print("\(golden.testDescription), \(way): \(share) of scores, \(pixels) of classes agree")
      #expect(share >= way.agreement)
      #expect(pixels >= way.agreement)
    }
  }

  /// The network with some of its layers' outputs as results.
  private func outputs(of network: Network, named names: [String]) -> Network {
    let results = names.map { name in
      let index = network.nodes.firstIndex { $0.name == name }
      return (name, index.map(Network.Source.node) ?? network.outputs[0].source)
    }
    return Network(
      inputChannels: network.inputChannels, nodes: network.nodes, outputs: results)
  }

  private func run(
    _ network: Network, _ weights: any ParameterSource, _ input: Tensor, _ way: Way
  ) throws -> (scores: Tensor, code: Tensor) {
    switch way {
    case .straight:
      let results = try StraightExecution(network, parameters: weights).run(input)
      return (try #require(results["scores"]), try #require(results[Self.code]))
    case .direct, .fastest:
      let (height, width) = (input.shape.height, input.shape.width)
      let prepared = try PreparedNetwork(
        network, parameters: weights, height: height, width: width,
        algorithm: way == .direct ? .direct : nil)
      let results = try prepared.plan(height: height, width: width).run(input)
      return (results[0], results[1])
    }
  }
}
