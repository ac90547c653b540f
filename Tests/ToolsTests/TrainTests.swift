import DeepLabNet
import Foundation
import Testing

/// `deeplab train`, on a few small photographs and a network that learns in milliseconds.
@Suite("deeplab train") struct TrainTests {
  private let workspace: Workspace

  init() throws { workspace = try TrainingSet.workspace() }

  private func train(
    _ arguments: [String], interruption: (signal: Int32, after: Double)? = nil
  ) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace, interruption: interruption)
  }

  @Test("an interrupted training goes on as if nothing had happened, bit for bit", .drawsFigures)
  func resumes() throws {
    try workspace.write("images/a.png labels/a.png\n", as: "val.txt")
    let steps = [
      "--set", "steps=14", "--set", "validationSplit=val.txt", "--set", "validateEvery=2",
    ]
    let whole = try train(TrainingSet.arguments + steps + ["--output", "whole"])
    #expect(whole.status == 0, "\(whole.errors)")
    let expected = try #require(workspace.bytes("whole/weights.safetensors"))
    let log = try TrainingSet.log(of: "whole", in: workspace)
    #expect(log.map { $0["step"] } == [2, 4, 6, 8, 10, 12, 14])
    #expect(workspace.exists("whole/loss.png"))
    let notes = ModelNotes(
      metadata: try CheckpointFile.open(workspace.file("whole/weights.safetensors")).metadata)
    #expect(notes.network == "deeplab-v3plus-mobilenet-v2")
    #expect(notes.classNames == ["ground", "disc", "band"])

    var run = try train(
      TrainingSet.arguments + steps + ["--output", "parts"],
      interruption: (SIGTERM, whole.seconds / 4))
    var attempts = 0
    // Weights may be there while the last figures are not: an interrupt cut these short.
    while run.signal != nil || !workspace.exists("parts/weights.safetensors"), attempts < 20 {
      // Ended by the signal, after the state was written, or before there was one.
      let isInterrupted = run.signal == SIGTERM || run.signal == SIGINT
      #expect(isInterrupted || run.status == 0, "\(run.errors)")
      attempts += 1
      let begins = workspace.exists("parts/state.safetensors")
      run = try train(
        begins
          ? TrainingSet.resumption(of: "parts")
          : TrainingSet.arguments + steps + ["--output", "parts"],
        interruption: attempts < 4 ? (attempts % 2 == 0 ? SIGTERM : SIGINT, whole.seconds / 3) : nil
      )
    }
    #expect(workspace.bytes("parts/weights.safetensors") == expected)
    let parts = try TrainingSet.log(of: "parts", in: workspace)
    for figure in ["step", "meanIOU", "pixelAccuracy"] {
      #expect(parts.map { $0[figure] } == log.map { $0[figure] }, "\(figure)")
    }
  }

  @Test("a batch of one image is refused before the first step where a branch is pooled")
  func batchesOfOne() throws {
    let options = ["--set", "steps=2", "--set", "batch=1", "--output", "out"]
    let run = try train(
      TrainingSet.arguments + options + ["--set", "normalization=batch"])
    #expect(run.status == 65)
    #expect(run.errors.hasPrefix("deeplab: aspp.pooling.bn: the batch normalisation would see one"))
    #expect(!workspace.exists("out"))
    // Whole images, of whatever size, do not help; nor do batches that are accumulated.
    let whole = try train(
      TrainingSet.arguments + options
        + ["--set", "normalization=batch", "--set", "crop=[]", "--set", "accumulation=2"])
    #expect(whole.errors == run.errors)
    #expect(try train(TrainingSet.arguments + options).status == 0)
  }

  @Test(
    "a training may go on with activations recomputed, bit for bit, and changed in nothing else")
  func resumesWithRecomputation() throws {
    let steps = ["--set", "steps=6"]
    let whole = try train(TrainingSet.arguments + steps + ["--output", "whole"])
    #expect(whole.status == 0, "\(whole.errors)")
    // The one that the first batch does not have.
    let photograph = workspace.file("set/images/a.png")
    try FileManager.default.moveItem(atPath: photograph, toPath: workspace.file("a.png"))
    try workspace.write("no picture", as: "set/images/a.png")
    let broken = try train(TrainingSet.arguments + steps + ["--output", "parts"])
    #expect(broken.status == 65)
    // Some steps without recomputation, the rest with it.
    #expect(try (1..<6).contains(TrainingSet.step(of: "parts", in: workspace)))
    try FileManager.default.removeItem(atPath: photograph)
    try FileManager.default.moveItem(atPath: workspace.file("a.png"), toPath: photograph)
    func resume(_ setting: String) throws -> Command {
      try train(["train", "--resume", "--output", "parts", "--quiet", "--set", setting])
    }
    for setting in ["seed=3", "recomputes=true"] {
      let refused = try resume(setting)
      #expect(refused.status == 64)
      #expect(refused.errors.contains("cannot be changed by --resume"), "\(refused.errors)")
    }
    let kind = try resume("recomputesActivations=2")
    #expect(kind.status == 64)
    #expect(kind.errors.contains("'recomputesActivations'"), "\(kind.errors)")
    let resumed = try resume("recomputesActivations=true")
    #expect(resumed.status == 0, "\(resumed.errors)")
    let weights = try #require(workspace.bytes("whole/weights.safetensors"))
    #expect(workspace.bytes("parts/weights.safetensors") == weights)
  }

  @Test("a label that is no class is refused, unless the loss ignores it")
  func ignoredLabel() throws {
    let settings = ["--set", "steps=2", "--set", "classes=2"]
    let few = try train(TrainingSet.arguments + settings + ["--output", "few"])
    #expect(few.status == 65)
    #expect(few.errors.contains("set/labels/"), "\(few.errors)")
    let ignoring = try train(
      TrainingSet.arguments + settings + ["--set", "loss.ignored=2", "--output", "ignoring"])
    #expect(ignoring.status == 0, "\(ignoring.errors)")
  }

  @Test("a loss that is not finite stops the training; the last good state stays")
  func divergence() throws {
    // From step 5 on the rate is 1e37, so that scores soon overflow; states are written every four
    // steps.
    let run = try train(
      TrainingSet.arguments + [
        "--set", "steps=12", "--set", "schedule.policy=step", "--set", "schedule.every=5", "--set",
        "schedule.gamma=1e40", "--output", "wild",
      ])
    let state = try #require(workspace.bytes("wild/state.safetensors"))
    let resumed = try train(TrainingSet.resumption(of: "wild"))
    for command in [run, resumed] {
      #expect(command.status == 65)
      #expect(command.errors.contains("no longer finite"), "\(command.errors)")
    }
    #expect(try TrainingSet.step(of: "wild", in: workspace) == 4)
    let isKept = workspace.bytes("wild/state.safetensors") == state
    #expect(isKept)
    #expect(!workspace.exists("wild/weights.safetensors"))
  }

  @Test("neither results of another training nor another data set are taken for one's own")
  func strangers() throws {
    let begin = TrainingSet.arguments + ["--set", "steps=1", "--output", "done"]
    let first = try train(begin)
    #expect(first.status == 0, "\(first.errors)")
    let log = try #require(workspace.bytes("done/log.jsonl"))
    for file in ["state.safetensors", "weights.safetensors"] {
      let again = try train(begin)
      #expect(again.status != 0)
      #expect(again.errors.contains(file), "\(again.errors)")
      if file == "state.safetensors" {
        try FileManager.default.moveItem(
          atPath: workspace.file("done/" + file), toPath: workspace.file(file))
      }
    }
    #expect(workspace.bytes("done/log.jsonl") == log)

    try workspace.makeFolders("fewer")
    try FileManager.default.moveItem(
      atPath: workspace.file("state.safetensors"), toPath: workspace.file("fewer/state.safetensors")
    )
    for folder in ["images", "labels"] {
      try FileManager.default.removeItem(atPath: workspace.file("set/\(folder)/c.png"))
    }
    let resumed = try train(TrainingSet.resumption(of: "fewer"))
    #expect(resumed.status == 65)
    #expect(resumed.errors.contains("2 photographs, but had 3"), "\(resumed.errors)")
  }

  @Test("a state whose experiment cannot be is refused; keys that it lacks have their defaults")
  func headers() throws {
    func resume(_ header: String) throws -> String {
      try workspace.makeFolders("state")
      try Safetensors.write(
        [], to: workspace.file("state/state.safetensors"), metadata: ["training": header]
      ) { _ in ParameterValues(shape: [0], values: []) }
      let command = try train(TrainingSet.resumption(of: "state"))
      #expect(command.status == 65)
      return command.errors
    }
    #expect(try resume("none").contains("does not say clearly"))
    let negative = #"{"experiment": {"data": "set"}, "step": -1, "classes": 3}"#
    #expect(try resume(negative).contains("does not say clearly"))
    let never =
      #"{"experiment": {"data": "set", "schedule": {"every": 0}}, "step": 1, "classes": 3}"#
    #expect(try resume(never).contains("'schedule.every' is 0"))
    let alone =
      #"{"experiment": {"data": "set", "optimizer": {"betas": [0]}}, "step": 1, "classes": 3}"#
    #expect(try resume(alone).contains("'optimizer.betas'"))
    // Nothing is wrong with this one but that there are no tensors.
    let short =
      #"{"experiment": {"data": "set", "model": "deeplab-small"}, "step": 1, "classes": 3}"#
    let errors = try resume(short)
    #expect(!errors.contains("does not say clearly") && !errors.contains("experiment"), "\(errors)")
    #expect(errors.contains("no tensor"), "\(errors)")
  }

  @Test(
    "numbers that cannot be are refused by their key",
    arguments: [
      "accumulation=5000", "epochs=-1", "epochs=1e9", "steps=0", "normalizationShare=1.5",
      "schedule.gamma=-1", "schedule.power=-1", "optimizer.momentum=1", "optimizer.weightDecay=-1",
      "optimizer.epsilon=0", "auxiliaryWeight=-1", "checkpointEvery=0", "logEvery=0",
      "schedule.every=0",
    ])
  func ranges(_ setting: String) throws {
    let run = try train(TrainingSet.arguments + ["--set", setting, "--output", "none"])
    #expect(run.status == 64)
    let key = setting.split(separator: "=")[0]
    #expect(run.errors.contains("'\(key)'"), "\(run.errors)")
    #expect(!workspace.exists("none"))
  }

  @Test("configurations: recipes, overrides, and keys that do not exist")
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
    let misspelt = try train(["train", "--set", "schedule.policy=polly", "--print"])
    #expect(misspelt.status == 64)
    #expect(misspelt.errors.contains("constant, poly, step"), "\(misspelt.errors)")
    for setting in [".=5", "schedule.=5", ".base=5", "=5"] {
      let broken = try train(["train", "--set", setting, "--print"])
      #expect(broken.status == 64)
      #expect(broken.errors.contains("not of the form key=value"), "\(broken.errors)")
    }
    let both = try train([
      "train", "--set", "model=deeplab-small", "--model", "fcn8s", "--print",
    ])
    #expect(both.output.contains("\"deeplab-small\""), "\(both.output)")
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
      let schedule = try #require(object["schedule"] as? [String: Any])
      if schedule["policy"] as? String == "poly" {
        #expect(schedule["every"] as? Int == 1, "\(name): poly must not be a staircase")
      }
      let model = try #require(object["model"] as? String)
      #expect(try train(["models", "--json"]).output.contains("\"\(model)\""), "\(name): \(model)")
    }
  }
}
