import DeepLabNet
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// The network of docs/add-a-network.md works, and keeps the promises of those in the catalogue.
struct NetworkExampleTests {
  private let entry = ContextNetwork.entry

  @Test func scoresHaveTheOutputStrideAskedFor() throws {
    for stride in entry.outputStrides {
      let network = try entry.make(classes: 5, outputStride: stride)
      let scores = try #require(network.shapes(height: 65, width: 97).last)
      let (rows, columns) = (64 / stride.pixels + 1, 96 / stride.pixels + 1)
      #expect(scores == TensorShape(height: rows, width: columns, channels: 5))
    }
  }

  /// What makes the output stride a choice at run time: the finer network has the coarse one's
  /// scores, and more between them.
  @Test func aFinerOutputStrideRefinesTheSameScores() throws {
    let parameters = InitialParameters(for: try entry.make())
    var generator = SeededGenerator(seed: 3)
    let shape = TensorShape(height: 65, width: 97, channels: 3)
    let image = Tensor(shape, values: (0..<shape.count).map { _ in generator.uniform() - 0.5 })
    let (coarse, fine) = try (scores(.eight), scores(.four))
    func scores(_ stride: OutputStride) throws -> Tensor {
      let network = try entry.make(outputStride: stride)
      return try PreparedNetwork(network, parameters: parameters, height: 65, width: 97)
        .plan(height: 65, width: 97).run(image)[0]
    }
    let largest = coarse.values().reduce(0) { max($0, abs($1)) }
    for row in 0..<coarse.shape.height {
      for column in 0..<coarse.shape.width {
        let difference = fine[0, 2 * row, 2 * column, 7] - coarse[0, row, column, 7]
        // Sums of a hundred products in another order, through eleven layers.
        #expect(abs(difference) <= 1e-4 * largest)
      }
    }
  }

  @Test func itSegmentsWithWeightsFromAFile() throws {
    let network = try entry.make(classes: 4)
    let parameters = InitialParameters(for: network)
    let path = FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let tensors = network.parameters.map {
      Safetensors.Tensor($0.name, shape: $0.specification.shape)
    }
    try Safetensors.write(tensors, to: path) { try parameters.values(of: $0.name) }

    let checkpoint = try CheckpointFile.open(path)
    #expect(try entry.classCount(in: checkpoint) == 4)
    let segmenter = try Segmenter(
      entry, network: network, parameters: MappedCheckpoint(network, in: checkpoint))
    let image = try Image(
      width: 40, height: 30, rgb: (0..<3600).map { UInt8(truncatingIfNeeded: $0 * 7) })
    try checkUnary(
      { DeepLab(segmenter, parallelism: $0) }, scene: Scene(image), hasFixedSize: false)
  }
}
