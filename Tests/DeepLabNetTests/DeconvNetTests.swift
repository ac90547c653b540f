import DeepLabNet
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// DeconvNet with the fixtures' weights, a gigabyte of them: one test at a time.
@Suite(.enabled(if: Shared.isPresent, Shared.absence), .serialized) struct DeconvNetTests {
  private static let folder = "deconvnet_vgg16"
  /// The layer whose output the reference calls `fc7_native`.
  private static let code = "bnfc7.relu"
  /// Of a score's deviation. PyTorch in float32 has a median error of 3e-6 and is wrong where a
  /// switch has moved.
  private static let tolerance: Float = 1e-3
  /// Algorithms, `nil` for each layer's fastest, and the share of the scores that must agree.
  /// Rounding decides between values that are nearly equal which switch is set, and values behind
  /// it move by a pixel: PyTorch in float32 disagrees in 0.4 %. Winograd's transforms round more
  /// coarsely, and otherwise at each place of a patch: some ten times as many scores are found to
  /// differ.
  private static let algorithms: [(ConvolutionAlgorithm?, agreement: Double)] = [
    (.direct, 0.99), (nil, 0.94),
  ]

  @Test(arguments: algorithms)
  func scoresAreThoseOfTheReferenceButForMovedSwitches(
    _ algorithm: ConvolutionAlgorithm?, _ agreement: Double
  ) throws {
    let entry = try NetworkCatalog.entry(named: "deconvnet")
    let outputs = try outputs(of: entry.make(), named: ["scores", Self.code])
    let weights = try MappedCheckpoint(outputs, in: FixtureWeights(folder: Self.folder))
    for golden in NetworkCase.all(in: Self.folder) {
      let input = try entry.preprocessing.tensor(for: golden.image())
      let (height, width) = (input.shape.height, input.shape.width)
      let prepared = try PreparedNetwork(
        outputs, parameters: weights, height: height, width: width, algorithm: algorithm)
      let results = try prepared.plan(height: height, width: width).run(input)
      let (scores, code) = (results[0], results[1])
      let way = "\(golden.testDescription), \(algorithm?.rawValue ?? "fastest")"

      let difference = try TensorDifference(code, golden.output("fc7_native"))
      print("\(way), fc7: \(difference)")
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
      print("\(way): \(share) of scores, \(pixels) of classes agree")
      #expect(share >= agreement)
      #expect(pixels >= agreement)
    }
  }

  /// The network with outputs, or layers' outputs, of these names as results.
  private func outputs(of network: Network, named names: [String]) throws -> Network {
    let results = try names.map { name in
      let output = network.outputs.first { $0.name == name }?.source
      let layer = network.nodes.firstIndex { $0.name == name }.map(Network.Source.node)
      return (name, try #require(output ?? layer))
    }
    return Network(
      inputChannels: network.inputChannels, nodes: network.nodes, outputs: results)
  }
}
