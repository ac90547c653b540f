import DeepLabNet
import Foundation
import Support
import TestSupport
import Testing
import Unaries

/// `deeplab train`, on a few small photographs and a network that learns in milliseconds.
@Suite("deeplab train") struct TrainTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    var draws = SeededGenerator(seed: 1)
    try workspace.makeFolders("set/images", "set/labels")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    for name in ["a", "b", "c"] {
      // Noise upon the colours: normalisations of even maps make gradients explode.
      var values: [UInt8] = []
      for label in Workspace.truth {
        for channel in 0..<3 {
          let base: UInt8 = channel == Int(label) ? 120 : 60
          values.append(base + UInt8(draws.next() >> 57))
        }
      }
      let image = try Image(width: Workspace.width, height: Workspace.height, rgb: values)
      try PNG.write(image, to: workspace.file("set/images/\(name).png"))
      try workspace.writeTruth("set/labels/\(name).png")
    }
  }

  /// The smallest network of the catalogue that there is; thirty steps take some seconds.
  private static let common = [
    "train", "--data", "set", "--model", "deeplab-v3plus-mobilenet-v2", "--quiet", "--set",
    "batch=2",
    "--set", "crop=[17,25]", "--set", "checkpointEvery=4", "--set", "logEvery=2", "--set",
    "schedule.base=1e-3", "--set", "optimizer.rule=adamw", "--set", "normalization=frozen",
  ]

  private func train(
    _ arguments: [String], interruption: (signal: Int32, after: Double)? = nil
  ) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace, interruption: interruption)
  }

  @Test("an interrupted training goes on as if nothing had happened, bit for bit")
  func resumes() throws {
    let steps = ["--set", "steps=14"]
    let whole = try train(Self.common + steps + ["--output", "whole"])
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try #require(workspace.bytes("whole/weights.safetensors"))
    let log = try #require(workspace.bytes("whole/log.jsonl"))
    #expect(String(decoding: log, as: UTF8.self).split(separator: "\n").count == 7)
    #expect(workspace.exists("whole/loss.png"))
    let notes = ModelNotes(
      metadata: try CheckpointFile.open(workspace.file("whole/weights.safetensors")).metadata)
    #expect(notes.network == "deeplab-v3plus-mobilenet-v2")
    #expect(notes.classNames == ["ground", "disc", "band"])

    var run = try train(
      Self.common + steps + ["--output", "parts"], interruption: (SIGTERM, whole.seconds / 4))
    var attempts = 0
    while !workspace.exists("parts/weights.safetensors"), attempts < 20 {
      // Ended by the signal, after the state was written, or before there was one.
      let isInterrupted = run.signal == SIGTERM || run.signal == SIGINT
      #expect(isInterrupted || run.status == 0, "\(run.errors)")
      attempts += 1
      let begins = workspace.exists("parts/state.safetensors")
      run = try train(
        begins
          ? ["train", "--resume", "--output", "parts", "--quiet"]
          : Self.common + steps + ["--output", "parts"],
        interruption: attempts < 4 ? (attempts % 2 == 0 ? SIGTERM : SIGINT, whole.seconds / 3) : nil
      )
    }
    #expect(workspace.bytes("parts/weights.safetensors") == expected)
  }

  @Test(
    "labels that are no class, and photographs that cannot be read, are named; what was learned stays"
  )
  func badFiles() throws {
    let few = try train(
      Self.common + ["--set", "steps=2", "--set", "classes=2", "--output", "few"])
    #expect(few.status == 65)
    #expect(few.errors.contains("set/labels/"), "\(few.errors)")
    try workspace.write("no picture", as: "set/images/b.png")
    let broken = try train(Self.common + ["--set", "steps=9", "--output", "broken"])
    #expect(broken.status == 65)
    #expect(broken.errors.contains("b.png"), "\(broken.errors)")
    #expect(workspace.exists("broken/state.safetensors"))
    #expect(!workspace.exists("broken/weights.safetensors"))
  }

  @Test("a loss that is not finite stops the training; the last good state stays")
  func divergence() throws {
    let run = try train(
      Self.common + [
        "--set", "steps=12", "--set", "schedule.base=1e30", "--set", "checkpointEvery=1",
        "--output",
        "wild",
      ])
    #expect(run.status == 65)
    #expect(run.errors.contains("finite") || run.errors.contains("nan"), "\(run.errors)")
    #expect(!workspace.exists("wild/weights.safetensors"))
  }

  @Test("configurations: recipes, overrides, and keys that nothing is called")
  func configurations() throws {
    let printed = try train([
      "train", "--recipe", "deeplab-v2-resnet101", "--set", "optimizer.momentum=0.5", "--print",
    ])
    let object = try #require(
      JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any])
    let optimizer = try #require(object["optimizer"] as? [String: Any])
    #expect(optimizer["momentum"] as? Double == 0.5)
    #expect(optimizer["lastRate"] as? Double == 10)
    #expect(object["lossScales"] as? [Double] == [1, 0.75, 0.5])
    #expect(object["steps"] as? Int == 20000)
    let wrong = try train(["train", "--set", "momentum=0.5", "--print"])
    #expect(wrong.status == 64)
    #expect(wrong.errors.contains("'momentum'"), "\(wrong.errors)")
    let kind = try train(["train", "--set", "steps=many", "--print"])
    #expect(kind.status == 64)
    #expect(kind.errors.contains("'steps'"), "\(kind.errors)")
  }

  @Test("every recipe names a network that there is and values that fit")
  func recipes() throws {
    let list = try train(["train", "--list-recipes"]).output.split(separator: "\n")
    #expect(list.count >= 10)
    for line in list {
      let name = String(line.split(separator: " ")[0])
      let printed = try train(["train", "--recipe", name, "--print"])
      #expect(printed.status == 0, "\(name): \(printed.errors)")
      let object = try #require(
        JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any])
      let model = try #require(object["model"] as? String)
      #expect(try train(["models", "--json"]).output.contains("\"\(model)\""), "\(name): \(model)")
    }
  }
}
