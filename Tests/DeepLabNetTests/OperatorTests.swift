import DeepLabNet
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite(.enabled(if: Shared.isPresent, Shared.absence)) struct OperatorTests {
  /// Float32 sums of up to 600 products, in whatever order, are off by a few units in the 24th bit
  /// of their largest: 600 · 2⁻²⁴ = 4e-5 at worst, some √600 · 2⁻²⁴ = 1.5e-6 as a rule.
  static let tolerance: Float = 1e-5

  @Test(arguments: OperatorCase.all().filter { !Self.plainFunctions.contains($0.operation) })
  func layersComputeWhatPyTorchComputes(_ golden: OperatorCase) throws {
    let layer = try golden.layer()
    let inputs = try golden.inputs()
    let expected = try Tensor(channelsFirst: #require(try golden.array("y")))
    let found = try run(layer, inputs, golden.parameters())
    let difference = try TensorDifference(found, expected)
    #expect(difference.relative <= Self.tolerance, "\(golden.name): \(difference)")
    let serial = try run(layer, inputs, golden.parameters(), parallelism: .serial)
    let isSame = serial.values() == found.values()
    #expect(isSame, "threads make a difference")
  }

  @Test(arguments: OperatorCase.all(of: "max_pool"))
  func switchesPointAtTheFirstMaximum(_ golden: OperatorCase) throws {
    let expected = try Tensor(channelsFirst: #require(try golden.array("indices")))
    let found = try run(MaxPoolSwitches(golden.pooling()), golden.inputs(), [])
    let isSame = found.values() == expected.values()
    #expect(isSame)
  }

  private static let plainFunctions: Set = ["softmax_cross_entropy", "label_nearest"]

  @Test(arguments: OperatorCase.all(of: "softmax_cross_entropy"))
  func crossEntropyLeavesOutIgnoredLabels(_ golden: OperatorCase) throws {
    let scores = try Tensor(channelsFirst: #require(try golden.array("x")))
    let labels = try #require(try golden.array("labels")).values.map { UInt16($0) }
    let isMean = golden.attributes["reduction"].string?.hasPrefix("mean") == true
    let loss = try CrossEntropy.loss(of: scores, labels: labels, reduction: isMean ? .mean : .sum)
    let expected = Double(try #require(try golden.array("loss")).values[0])
    // The expected loss is rounded to float32.
    #expect(abs(loss - expected) <= 1e-6 * max(1, abs(expected)))
  }

  @Test(arguments: OperatorCase.all(of: "label_nearest"))
  func labelsAreTakenFromTheNearestPoint(_ golden: OperatorCase) throws {
    let given = try #require(try golden.array("x"))
    let labels = try LabelMap(
      grid: GridShape(given.shape), labels: given.values.map { UInt16($0) })
    let size = try golden.pair("size")
    let expected = try #require(try golden.array("y")).values.map { UInt16($0) }
    #expect(labels.nearest(height: size.rows, width: size.columns).labels == expected)
  }
}

/// A layer's output.
func run(
  _ layer: any Layer, _ inputs: [Tensor], _ parameters: [ParameterValues],
  parallelism: Parallelism = .automatic
) throws -> Tensor {
  let shape = try layer.outputShape(for: inputs.map(\.shape))
  // Not a number: what a layer leaves unwritten shows.
  let output = Tensor(shape, values: [Float](repeating: .nan, count: shape.count))
  layer.forward(inputs, parameters: parameters, into: output, parallelism: parallelism)
  return output
}
