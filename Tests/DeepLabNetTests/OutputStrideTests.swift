import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

@Suite struct OutputStrideTests {
  @Test func stepsBeyondTheStrideBecomeRates() {
    let halvings = [2, 2, 2, 2, 2]
    let eight = OutputStride.eight.stages(of: halvings)
    #expect(eight.map(\.stride) == [2, 2, 2, 1, 1])
    #expect(eight.map(\.rate) == [1, 1, 1, 2, 4])
    #expect(eight.map(\.rateBefore) == [1, 1, 1, 1, 2])
    let whole = OutputStride.thirtyTwo.stages(of: halvings)
    #expect(whole.allSatisfy { $0.stride == 2 && $0.rate == 1 && $0.rateBefore == 1 })
    #expect(OutputStride.four.stages(of: halvings).map(\.rate) == [1, 1, 2, 4, 8])
  }

  @Test(arguments: [0, 1, 12, 64]) func otherStridesAreRefused(_ pixels: Int) {
    #expect(errorText { _ = try OutputStride(pixels) }.contains("choose 4, 8, 16 or 32"))
  }

  /// DeepLab v3, arXiv:1706.05587, §3.2.1: unit rates of 1, 2, 4 times the rate of the last stage.
  @Test(arguments: [(OutputStride.sixteen, [2, 4, 8]), (.eight, [4, 8, 16])])
  func aMultiGridMultipliesTheRatesOfTheLastStage(_ stride: OutputStride, _ rates: [Int]) throws {
    let network = try NetworkCatalog.entry(named: "deeplab-v3-resnet50-multigrid")
      .make(outputStride: stride)
    let found = (0..<3).map { block in
      let node = network.nodes.first { $0.name == "backbone.layer4.\(block).conv2" }
      return (node?.layer as? Convolution)?.geometry.rate
    }
    #expect(found == rates.map { .init($0) })
  }

  /// What the atrous algorithm promises, paper §3.1: left-out steps and spread filters see the same
  /// pixels. The head's rate of 12 at a stride of 8 is a whole number at every other, too.
  @Test func finerStridesGiveTheSameScoresAndMoreOfThem() throws {
    let entry = try NetworkCatalog.entry(named: "deeplab-v2-resnet50-largefov")
    let shape = TensorShape(height: 97, width: 65, channels: 3)
    var generator = SeededGenerator(seed: 1)
    let image = Tensor(shape, values: (0..<shape.count).map { _ in generator.uniform() - 0.5 })
    func scores(_ stride: OutputStride) throws -> Tensor {
      let network = try entry.make(classes: 4, outputStride: stride)
      return try NetworkRunner(
        network, parameters: InitialParameters(for: network), way: .straight
      ).scores(of: image)
    }
    let finest = try scores(.four)
    for stride in OutputStride.all.dropFirst() {
      let difference = try TensorDifference(
        scores(stride), finest.subsampled(by: stride.pixels / 4))
      // Fifty layers of sums in another order.
      #expect(difference.relative <= 1e-4, "output stride \(stride): \(difference)")
    }
  }
}
