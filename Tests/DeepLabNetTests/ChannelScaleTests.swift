import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// The product of a map and a factor for each of its channels.
@Suite struct ChannelScaleTests {
  private static let map = Tensor(
    TensorShape(batch: 2, height: 1, width: 2, channels: 2), values: [1, 2, 3, 4, 5, 6, 7, 8])
  private static let factors = Tensor(
    TensorShape(batch: 2, height: 1, width: 1, channels: 2), values: [2, 3, -1, 0.5])

  @Test func everyImageHasItsOwnFactors() throws {
    let found = try run(ChannelScale(), [Self.map, Self.factors], [])
    #expect(found.values() == [2, 6, 6, 12, -5, 3, -7, 4])
  }

  @Test func gradientsOfAProductAreTheOtherFactor() throws {
    let ones = Tensor(Self.map.shape, values: [1, 1, 1, 1, 1, 1, 1, 2])
    let gradients = try ChannelScale().backward(
      ones, inputs: [Self.map, Self.factors], output: Self.map, parameters: [],
      parallelism: .serial)
    #expect(gradients.inputs[0]?.values() == [2, 3, 2, 3, -1, 0.5, -1, 1])
    #expect(gradients.inputs[1]?.values() == [4, 6, 12, 22])
  }

  @Test func factorsForOtherChannelsAreRefused() {
    let wrong = TensorShape(batch: 2, height: 1, width: 1, channels: 3)
    let text = errorText {
      _ = try ChannelScale().outputShape(for: [Self.map.shape, wrong])
    }
    #expect(text.contains("a factor for each channel"))
  }
}
