import DeepLabNet
import TestSupport
import Testing

/// What FCNs have beside their layers: weights that interpolate, and factors that are constants.
struct FCNTests {
  private static func tensors(_ network: Network) -> [(name: String, shape: [Int])] {
    network.parameters.map { ($0.name, $0.specification.shape) }
  }

  @Test func upsamplingBeginsAsInterpolationOfEveryChannelByItself() throws {
    let network = try NetworkCatalog.entry(named: "fcn16s").make(classes: 2)
    let weight = try InitialParameters(for: network).values(of: "upscore2.weight")
    let line: [Float] = [0.25, 0.75, 0.75, 0.25]
    let plane = line.flatMap { row in line.map { row * $0 } }
    let none = [Float](repeating: 0, count: 16)
    #expect(weight.shape == [2, 2, 4, 4])
    #expect(weight.values() == plane + none + none + plane)
  }

  /// Caffe writes the factors of pools as parameters; a network trained in stages has none.
  @Test func factorsOfPoolsAreConstantsOfTheNetworkTrainedAtOnce() throws {
    let (staged, atOnce) = try (
      NetworkCatalog.entry(named: "fcn8s").make(),
      NetworkCatalog.entry(named: "fcn8s-at-once").make()
    )
    let factors = [
      (name: "scale_pool4.weight", shape: [512]), (name: "scale_pool3.weight", shape: [256]),
    ]
    let checkpoint = NumberedCheckpoint(Self.tensors(atOnce) + factors)
    #expect(try MappedCheckpoint(atOnce, in: checkpoint).missingNames.isEmpty)
    let text = errorText { _ = try MappedCheckpoint(staged, in: checkpoint) }
    #expect(text.contains("not in the network: 2\n    scale_pool4.weight"), "\(text)")
  }

  /// How the paper trains them: each begins with the weights of the coarser one, §4.2.
  @Test func aFinerNetworkBeginsWithTheWeightsOfACoarserOne() throws {
    let (coarse, fine) = try (
      NetworkCatalog.entry(named: "fcn16s").make(), NetworkCatalog.entry(named: "fcn8s").make()
    )
    let mapped = try MappedCheckpoint(
      fine, in: NumberedCheckpoint(Self.tensors(coarse)),
      missing: .allowed(initial: InitialParameters(for: fine)))
    #expect(
      mapped.missingNames == [
        "score_pool3.weight", "score_pool3.bias", "upscore_pool4.weight", "upscore8.weight",
      ])
    #expect(mapped.unusedHeads == ["upscore16.weight"])
  }
}
