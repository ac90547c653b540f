import DeepLabNet
import Formats
import Foundation
import Testing
import Unaries

/// What `deeplab train` measures on photographs that it does not learn from.
@Suite("deeplab train: figures") struct TrainValidationTests {
  private let workspace: Workspace

  init() throws {
    workspace = try TrainingSet.workspace()
    let lines = ["a", "b", "c"].map { "images/\($0).png labels/\($0).png\n" }
    try workspace.write(lines.joined(), as: "all.txt")
    // Two of three, evenly spaced, are the first two.
    try workspace.write(lines[0] + lines[1], as: "two.txt")
  }

  private func run(_ arguments: [String]) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace)
  }

  private func train(_ settings: String..., output: String) throws -> Command {
    try run(
      TrainingSet.arguments + settings.flatMap { ["--set", $0] } + ["--output", output])
  }

  @Test("figures are those of 'deeplab evaluate', and change no bit of the weights", .drawsFigures)
  func figures() throws {
    let plain = try train("steps=7", output: "plain")
    #expect(plain.status == 0, "\(plain.errors)")
    let measured = try train(
      "steps=7", "validationSplit=all.txt", "validateEvery=3", "validationLimit=2", output: "out")
    #expect(measured.status == 0, "\(measured.errors)")
    let isSame =
      workspace.bytes("plain/weights.safetensors") == workspace.bytes("out/weights.safetensors")
    #expect(isSame)

    // Lines every two steps, and wherever there are figures.
    let log = try TrainingSet.log(of: "out", in: workspace)
    #expect(log.map { $0["step"] } == [2, 3, 4, 6, 7])
    #expect(log.map { $0["meanIOU"] != nil } == [false, true, false, true, true])
    let evaluation = try run([
      "evaluate", "--data", "set", "--split", "two.txt", "--weights", "out/weights.safetensors",
      "--trimap-width", "0", "--json", "--quiet",
    ])
    let object =
      try JSONSerialization.jsonObject(with: Data(evaluation.output.utf8)) as? [String: Any]
    let figures = (object?["evaluation"] as? [String: Any])?["before"] as? [String: Any]
    // The same counts, and numbers that JSON keeps whole.
    #expect(try #require(figures?["mean_iou"] as? Double) == log[4]["meanIOU"])
    #expect(try #require(figures?["pixel_accuracy"] as? Double) == log[4]["pixelAccuracy"])
    #expect(log.allSatisfy { ($0["validationSeconds"] != nil) == ($0["meanIOU"] != nil) })

    // A chart for the loss, and one below it.
    let heights = try ["plain", "out"].map {
      try ImageFile.read(workspace.file($0 + "/loss.png")).grid.height
    }
    #expect(heights[1] == 2 * heights[0])

    // As an interrupt leaves them that came before the figures of a step.
    var lines = String(decoding: try #require(workspace.bytes("out/log.jsonl")), as: UTF8.self)
      .split(separator: "\n").map(String.init)
    lines[4] = #"{"imagesPerSecond":1,"loss":1,"rate":0,"seconds":1,"step":7}"#
    try workspace.write(lines.joined(separator: "\n") + "\n", as: "out/log.jsonl")
    let resumed = try run(["train", "--resume", "--output", "out"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.errors.contains("step 7/7, mean IOU"), "\(resumed.errors)")
    let again = try TrainingSet.log(of: "out", in: workspace)
    #expect(again.map { $0["step"] } == [2, 3, 4, 6, 7])
    #expect(again[4]["meanIOU"] == log[4]["meanIOU"])
  }

  @Test(
    "what cannot be evaluated is named before the first step",
    arguments: [
      ("validationSplit=nowhere", "no split 'nowhere'"), ("validateEvery=-1", "'validateEvery'"),
      ("validateEvery=2", "no 'validationSplit'"), ("validationLimit=2", "no 'validationSplit'"),
      ("validationSplit=missing.txt", "gone.png"), ("validationSplit=labels.txt", "wild.png"),
      ("validationSplit=sizes.txt", "small.png"), ("validationSplit=broken.txt", "broken.png"),
      ("validationSplit=void.txt", "no pixel that counts"),
    ])
  func refusals(_ setting: String, _ says: String) throws {
    let grid = GridShape(width: Workspace.width, height: Workspace.height)
    func write(_ name: String, _ labels: [UInt16], _ grid: GridShape) throws {
      try PNG.write(
        LabelMap(grid: grid, labels: labels), palette: .voc,
        to: workspace.file("set/labels/\(name).png"))
    }
    try write("wild", [UInt16](repeating: 7, count: grid.count), grid)
    try write("void", [UInt16](repeating: 255, count: grid.count), grid)
    try write("small", [1, 1], GridShape(width: 2, height: 1))
    try workspace.write("no picture", as: "set/images/broken.png")
    for (list, image, labels) in [
      ("missing", "a", "gone"), ("labels", "a", "wild"), ("sizes", "a", "small"),
      ("broken", "broken", "a"), ("void", "a", "void"),
    ] {
      // What is wrong comes last.
      try workspace.write(
        "images/b.png labels/\(list == "void" ? "void" : "b").png\n"
          + "images/\(image).png labels/\(labels).png\n", as: list + ".txt")
    }
    // No list of these photographs is learnt from.
    let run = try train("steps=2", "split=all.txt", setting, output: "none")
    #expect([64, 65, 66].contains(run.status), "\(run.errors)")
    #expect(run.errors.contains(says), "\(run.errors)")
    #expect(!workspace.exists("none"))
  }

  @Test("scores that are not finite cost a step its figures, but not the training")
  func unscored() throws {
    let first = try train("steps=1", output: "first")
    #expect(first.status == 0, "\(first.errors)")
    // Running statistics that no photograph has; steps use the batch's own.
    let checkpoint = try CheckpointFile.open(workspace.file("first/weights.safetensors"))
    let entries = checkpoint.entries.map { Safetensors.Tensor($0.name, shape: $0.shape) }
    try Safetensors.write(
      entries, to: workspace.file("wild.safetensors"), metadata: checkpoint.metadata
    ) { tensor in
      let values = try checkpoint.values(of: tensor.name)
      guard tensor.name.hasSuffix("running_mean") else { return values }
      return ParameterValues(
        shape: values.shape, values: [Float](repeating: -3e38, count: values.count))
    }
    let run = try train(
      "steps=2", "weights=wild.safetensors", "normalization=batch", "normalizationShare=0",
      "validationSplit=all.txt", "schedule.base=1e-6", output: "out")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("step 2 has no figures: "), "\(run.errors)")
    #expect(workspace.exists("out/weights.safetensors"))
    #expect(try TrainingSet.log(of: "out", in: workspace).map { $0["meanIOU"] } == [nil])
  }

  @Test("a split that has changed since the training began is refused")
  func changedSplit() throws {
    let first = try train("steps=1", "validationSplit=two.txt", output: "out")
    #expect(first.status == 0, "\(first.errors)")
    try workspace.write("images/a.png labels/a.png\n", as: "two.txt")
    let resumed = try run(TrainingSet.resumption(of: "out"))
    #expect(resumed.status == 65)
    #expect(resumed.errors.contains("1 photographs in 'two.txt', but had 2"), "\(resumed.errors)")
  }
}
