import DeepLabNet
import Foundation
import TestSupport
import Testing

/// `deeplab convert` and `deeplab inspect`.
struct CheckpointToolTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    let values = [
      "conv.weight": ParameterValues(shape: [2, 1, 1, 2], values: [1, 2, 3, 0.1]),
      "conv.bias": ParameterValues(shape: [2], values: [5, 6]),
    ]
    let tensors = values.map { Safetensors.Tensor($0, shape: $1.shape) }
    try Safetensors.write(tensors, to: workspace.file("in.bin")) {
      try #require(values[$0.name])
    }
  }

  private func deeplab(_ arguments: String...) throws -> Command { try deeplab(arguments) }

  private func deeplab(_ arguments: [String]) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace)
  }

  @Test func inspectListsTensors() throws {
    let run = try deeplab("inspect", "in.bin")
    #expect(run.status == 0)
    #expect(run.output.contains("in.bin: safetensors"))
    #expect(run.output.contains("values   6"))
    #expect(run.output.contains(/conv\.weight +2×1×1×2 +float32/))
  }

  @Test func inspectPrintsJSON() throws {
    struct Contents: Decodable {
      struct Tensor: Decodable {
        var name: String
        var shape: [Int]
      }
      var format: String
      var value_count: Int
      var tensors: [Tensor]
    }
    let run = try deeplab("inspect", "in.bin", "--json")
    let contents = try JSONDecoder().decode(Contents.self, from: Data(run.output.utf8))
    #expect(contents.format == "safetensors")
    #expect(contents.value_count == 6)
    #expect(contents.tensors.map(\.name) == ["conv.bias", "conv.weight"])
    #expect(contents.tensors.map(\.shape) == [[2], [2, 1, 1, 2]])
  }

  @Test func convertKeepsWhatItReads() throws {
    let run = try deeplab("convert", "in.bin", "out.safetensors")
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.output.contains("2 tensors, 6 values, float32"))
    #expect(workspace.bytes("out.safetensors") == workspace.bytes("in.bin"))
  }

  @Test func convertNotesTheNetwork() throws {
    try workspace.write("grass\nshed\nsky\nsign\n", as: "names.txt")
    let weights = try NetworkWeights.file()
    let run = try deeplab(
      "convert", weights, "noted.safetensors", "--model", NetworkWeights.model, "--class-names",
      "names.txt")
    #expect(run.status == 0, "\(run.errors)")
    let notes = ModelNotes(
      metadata: try CheckpointFile.open(workspace.file("noted.safetensors")).metadata)
    #expect(
      notes
        == ModelNotes(
          network: NetworkWeights.model, classNames: ["grass", "shed", "sky", "sign"]))
  }

  @Test(arguments: [
    (["--class-names", "camvid"], "--class-names: says what classes are called"),
    (["--model", NetworkWeights.model, "--class-names", "camvid"], "names 11 classes"),
    (["--model", "deeplab-small"], "holds none of the network's parameters"),
  ])
  func convertRefusesNotesThatDoNotFit(_ options: [String], says: String) throws {
    let run = try deeplab(["convert", try NetworkWeights.file(), "out.safetensors"] + options)
    #expect(run.status != 0 && run.errors.contains(says), "\(run.errors)")
    #expect(!workspace.exists("out.safetensors"))
  }

  @Test func convertRoundsToHalfPrecision() throws {
    #expect(try deeplab("convert", "in.bin", "half.safetensors", "--float16").status == 0)
    let half = try CheckpointFile.open(workspace.file("half.safetensors"))
    #expect(half.entries.allSatisfy { $0.storedType == "float16" })
    #expect(try half.values(of: "conv.weight").values() == [1, 2, 3, 1638 / 16384])
  }

  @Test func anOutputIsReplacedOnlyWhenAskedFor() throws {
    try workspace.write("precious", as: "out")
    let refused = try deeplab("convert", "in.bin", "out")
    #expect(refused.status == 73)
    #expect(
      refused.errors == "deeplab: out: exists already; name another file, or add --overwrite\n")
    #expect(workspace.bytes("out") == Data("precious".utf8))
    #expect(try deeplab("convert", "in.bin", "out", "--overwrite").status == 0)
    #expect(workspace.bytes("out") == workspace.bytes("in.bin"))
    #expect(try deeplab("convert", "in.bin", "in.bin", "--overwrite").status == 64)
  }

  @Test func errorsHaveTheirStatusAndLeaveNothing() throws {
    try workspace.write("no checkpoint", as: "text.pth")
    let wrong = try deeplab("convert", "text.pth", "out")
    #expect(wrong.status == 65)
    #expect(wrong.errors.hasPrefix("deeplab: text.pth: is not a checkpoint of PyTorch"))
    #expect(try deeplab("inspect", "absent.pth").status == 66)
    #expect(try deeplab("inspect").status == 64)
    #expect(try workspace.contents() == ["in.bin", "text.pth"])
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func wholeNumbersAreConvertedWithAWord() throws {
    let source = Shared.fixture("net/checkpoints/module_state_dict.pth")
    let run = try deeplab("convert", source, "out", "--float16")
    #expect(run.output.contains("such as 'bn.num_batches_tracked' (int64)"))
    let converted = try CheckpointFile.open(workspace.file("out"))
    let counter = try #require(converted.entries.first { $0.name == "bn.num_batches_tracked" })
    #expect(counter.storedType == "float32")
  }
}
