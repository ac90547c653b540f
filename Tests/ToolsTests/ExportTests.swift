import DeepLabNet
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// `deeplab export`. What is in the files, the tests of `DeepLabNet` check.
struct ExportTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func export(_ arguments: String..., weights: Bool = true) throws -> Command {
    try Command.run(
      ["export", "--output", "net.onnx"]
        + (weights ? NetworkWeights.options() : ["--model", NetworkWeights.model]) + arguments,
      of: "deeplab", in: workspace)
  }

  @Test func aModelIsWrittenWithAnExample() throws {
    try workspace.writeImage("photo.png")
    let run = try export("--example", "photo.png")
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains("wrote    net.onnx, net.image.npy, net.scores.npy\n"))
    #expect(run.output.contains("input of any size"))
    let image = try NPY.read(workspace.file("net.image.npy"))
    #expect(image.shape == [3, Workspace.height, Workspace.width])
    let scores = try NPY.read(workspace.file("net.scores.npy"))
    #expect(scores.shape == [NetworkWeights.classes, 3, 4])
    let network = try NetworkCatalog.entry(named: NetworkWeights.model)
      .make(classes: NetworkWeights.classes)
    let count = network.parameters.map(\.specification.count).reduce(0, +)
    let size = try #require(workspace.bytes("net.onnx")).count
    #expect(size > 4 * count && size < 4 * count + 100_000)
  }

  @Test func aModelOfOneSizeTakesExamplesOfThatSizeOnly() throws {
    try workspace.writeImage("photo.png")
    let refused = try export("--size", "24x17", "--example", "photo.png", "--quiet")
    #expect(refused.status == 65)
    #expect(refused.errors.contains("photo.png: becomes an input of 24x16"))
    #expect(try workspace.contents() == ["photo.png"])
    let run = try export("--size", "24x16", "--example", "photo.png", "--quiet")
    #expect(run.status == 0 && run.output.isEmpty)
  }

  @Test func anOutputIsReplacedOnlyWhenAskedFor() throws {
    try workspace.write("precious", as: "net.onnx")
    let refused = try export()
    #expect(refused.status == 73)
    #expect(refused.errors.hasPrefix("deeplab: net.onnx: exists already"))
    #expect(workspace.bytes("net.onnx") == Data("precious".utf8))
    #expect(try export("--overwrite").status == 0)
  }

  @Test func optionsThatContradictAreRefused() throws {
    let none = try export(weights: false)
    #expect(none.status == 64 && none.errors.contains("either --weights FILE or --random"))
    #expect(try export("--random").status == 64)
    #expect(try export("--size", "tall").status == 64)
    let size = try Command.run(
      [
        "export", "--model", "deeplab-v1-msc-largefov", "--random", "--output", "net.onnx",
        "--size", "100x97",
      ], of: "deeplab", in: workspace)
    #expect(size.status == 64)
    #expect(size.errors.contains("the next larger one is 129x97"))
    #expect(try workspace.contents().isEmpty)
  }
}
