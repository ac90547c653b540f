import DeepLabNet
import Formats
import Foundation
import Testing
import Unaries

/// `deeplab train` on objects and on proposals, as DeconvNet's two stages do.
@Suite("deeplab train on boxes") struct TrainBoxesTests {
  private let workspace: Workspace

  init() throws { workspace = try TrainingSet.workspace() }

  /// The stages' own settings, on photographs of 24 × 16 pixels.
  private static let small =
    TrainingSet.arguments + [
      "--set", "examples=objects", "--set", "boxSize=[19,28]", "--set", "boxes.minimumArea=20",
      "--set", "boxes.balancesClasses=true",
    ]

  private func train(_ arguments: [String]) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace)
  }

  /// A photograph with labels of one kind.
  private func add(_ name: String, label: UInt16) throws {
    let pixels = Workspace.width * Workspace.height
    let image = try Image(
      width: Workspace.width, height: Workspace.height,
      rgb: (0..<3 * pixels).map { UInt8($0 * $0 % 251) })
    try PNG.write(image, to: workspace.file("set/images/\(name).png"))
    let labels = try LabelMap(grid: image.grid, labels: .init(repeating: label, count: pixels))
    try PNG.write(labels, palette: .voc, to: workspace.file("set/labels/\(name).png"))
  }

  @Test("a training on objects that was broken off goes on bit for bit, with other threads too")
  func resumes() throws {
    let begin = Self.small + ["--set", "batch=1", "--set", "steps=7"]
    let whole = try train(begin + ["--threads", "1", "--output", "whole"])
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try #require(workspace.bytes("whole/weights.safetensors"))

    // Objects are found in labels alone, so that a photograph is missed at the step that sees it,
    // which for this one is the fourth.
    let photograph = try #require(workspace.bytes("set/images/c.png"))
    try workspace.write("no picture", as: "set/images/c.png")
    let broken = try train(begin + ["--output", "parts"])
    #expect(broken.status == 65 && broken.errors.contains("c.png"), "\(broken.errors)")
    let header = try CheckpointFile.open(workspace.file("parts/state.safetensors"))
      .metadata["training"]
    #expect(header?.contains(#""step":3"#) == true, "\(header ?? "none")")
    try photograph.write(to: URL(fileURLWithPath: workspace.file("set/images/c.png")))
    let resumed = try train(["train", "--resume", "--output", "parts", "--quiet", "--threads", "2"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    let isEqual = workspace.bytes("parts/weights.safetensors") == expected
    #expect(isEqual)
  }

  @Test("proposals are learnt from after objects; what is left out is counted")
  func stages() throws {
    try add("empty", label: 0)
    func run(_ extra: [String], _ output: String) throws -> Command {
      try train(
        Self.small.filter { $0 != "--quiet" } + ["--set", "steps=2", "--output", output] + extra)
    }
    let first = try run([], "first")
    #expect(first.status == 0, "\(first.errors)")
    #expect(
      first.errors.contains(
        "examples 6 objects of 2 classes, 6 an epoch; 1 photographs without are left out"),
      "\(first.errors)")
    // The disc's box is 9 × 9 pixels, the band's 24 × 4: only the first box is near enough.
    try workspace.makeFolders("boxes")
    for name in ["a", "b", "c"] {
      try workspace.write("8,6,17,14\n0,0,6,6\n", as: "boxes/\(name).csv")
    }
    let second = try run(
      [
        "--weights", "first/weights.safetensors", "--set", "examples=proposals", "--set",
        "proposals=boxes",
      ], "second")
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors.contains("examples 3 proposals of 1 classes"), "\(second.errors)")
    #expect(second.errors.contains("first/weights.safetensors\n"), "\(second.errors)")
    #expect(workspace.exists("second/weights.safetensors"))
  }

  @Test("labels without objects, and photographs without boxes, end it before anything is written")
  func refusals() throws {
    func refused(_ extra: String, _ status: Int32, _ texts: String...) throws {
      let settings = extra.split(separator: " ").flatMap { ["--set", String($0)] }
      let run = try train(Self.small + settings + ["--output", "none"])
      #expect(run.status == status, "\(extra): \(run.errors)")
      for text in texts { #expect(run.errors.contains(text), "\(extra): \(run.errors)") }
      #expect(!workspace.exists("none"))
    }
    try refused("boxes.minimumArea=400", 65, "set: ", "show no object", "400 pixels")
    try refused("boxes.background=3", 64, "set: the background is the label 3", "3 classes")
    try refused("boxes.background=255", 64, "'boxes.background'", "'loss.ignored'")
    try refused("examples=boxes", 64, "'examples'", "crops, objects, proposals")
    try refused("boxes.scale=0", 64, "'boxes.scale'")
    try refused("boxes.overlap=2", 64, "'boxes.overlap'")
    try refused("boxes.minimumArea=0", 64, "'boxes.minimumArea'")
    try refused("boxes.proposalLimit=0", 64, "'boxes.proposalLimit'")
    try refused("boxSize=[250]", 64, "'boxSize'")
    try refused("imageScales=[0.5,1]", 64, "'imageScales'", "'boxSize'")
    try refused("examples=proposals proposals=none", 66, "'proposals': is 'none'", "edges or grid")
    try workspace.makeFolders("boxes")
    try workspace.write("8,6,17,14\n", as: "boxes/a.csv")
    try refused("examples=proposals proposals=boxes", 66, "images/b.png: has no boxes in 'boxes'")
    try workspace.write("8,6,17,14\n", as: "boxes/b.csv")
    try workspace.write("80,60,90,70\n", as: "boxes/c.csv")
    try refused("examples=proposals proposals=boxes", 65, "c: the proposal from", "24×16")
    for name in ["a", "b", "c"] { try workspace.write("0,0,6,6\n", as: "boxes/\(name).csv") }
    try refused("examples=proposals proposals=boxes", 65, "none of the proposals", "6 objects")
  }

  @Test("a training does not go on with other objects than it began with")
  func otherObjects() throws {
    let first = try train(Self.small + ["--set", "steps=1", "--output", "run"])
    #expect(first.status == 0, "\(first.errors)")
    try add("c", label: 1)
    let resumed = try train(["train", "--resume", "--output", "run", "--quiet"])
    #expect(resumed.status == 65)
    #expect(
      resumed.errors.contains("set: does not have the objects that the training began with"),
      "\(resumed.errors)")
  }
}
