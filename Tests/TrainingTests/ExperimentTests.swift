import DeepLabNet
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Training

@Suite("Configurations of trainings")
struct ExperimentTests {
  @Test("are laid over each other key by key, and nothing that is not said changes")
  func layers() throws {
    var text = try ExperimentText()
    #expect(try text.experiment() == Experiment())
    try text.apply(text: #"{"steps": 7, "schedule": {"base": 0.5}}"#, at: "a file")
    try text.apply(setting: "optimizer.momentum=0.25", at: "a setting")
    try text.apply(setting: "model=fcn8s", at: "a setting")
    try text.apply(setting: "crop=[]", at: "a setting")
    var expected = Experiment()
    expected.steps = 7
    expected.schedule.base = 0.5
    expected.optimizer.momentum = 0.25
    expected.model = "fcn8s"
    expected.crop = []
    #expect(try text.experiment() == expected)
    #expect(try ExperimentText(expected).experiment() == expected)
    #expect(try ExperimentText.key(of: "a.b=1", at: "a setting") == "a.b")
  }

  @Test("keep every digit of a seed", arguments: [0, 1 << 53 + 1, .max] as [UInt64])
  func seeds(seed: UInt64) throws {
    var text = try ExperimentText()
    try text.apply(setting: "seed=\(seed)", at: "a setting")
    #expect(try text.experiment().seed == seed)
    // Printed, and read as a file.
    var again = try ExperimentText()
    try again.apply(text: ExperimentText.text(of: text.experiment()), at: "a file")
    #expect(try again.experiment().seed == seed)
    // In the state of a training, and back.
    var experiment = try text.experiment()
    experiment.data = "set"
    let header = TrainingHeader(
      experiment: experiment, step: 3, classes: 2, images: 5, validationImages: nil,
      examples: "0123456789abcdef")
    let read = try TrainingHeader(header.text(), at: "a state")
    #expect(read.experiment == experiment && read.step == 3 && read.classes == 2)
    #expect(read.images == 5 && read.validationImages == nil && read.examples == header.examples)
  }

  @Test(
    "are refused where they cannot be followed, in words that name no option",
    arguments: [
      (#"{"step": 7}"#, "the key 'step'"), (#"{"schedule": 7}"#, "'schedule' one value"),
      ("[]", "not a JSON object"), ("{", "not valid JSON"), (#"{"steps": "many"}"#, "'steps'"),
      (#"{"schedule": {"policy": "polly"}}"#, "constant, poly, step"),
    ])
  func refusals(file: String, says: String) {
    let error = errorText {
      var text = try ExperimentText()
      try text.apply(text: file, at: "a file")
      _ = try text.experiment()
    }
    #expect(error.contains(says) && !error.contains("--"), "\(error)")
  }

  @Test("of every recipe can be trained but for their data", arguments: Recipe.all.map(\.name))
  func recipes(name: String) throws {
    let recipe = try #require(Recipe.all.first { $0.name == name })
    var text = try ExperimentText()
    try text.apply(text: recipe.text, at: name)
    try text.apply(setting: "data=set", at: name)
    try text.experiment().check()
  }
}
