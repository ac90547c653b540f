import Evaluation
import Foundation
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Tuning
import Unaries

@Suite("What settings come to on images")
struct EvaluatorTests {
  private static let grid = GridShape(width: 12, height: 9)

  /// Images in memory: a bright half that noisy scores are of.
  private static func images(_ names: [String] = ["a", "b", "c"]) -> [TuningImage] {
    names.enumerated().map { seed, name in
      TuningImage(name: name, scores: "\(name).npy", image: "\(name).png", truth: "\(name)-t.png") {
        _ in
        try sample(seed: UInt64(seed))
      }
    }
  }

  private static func sample(seed: UInt64) throws -> TuningImage.Sample {
    var random = SeededGenerator(seed: seed)
    let truth = (0..<grid.count).map { UInt16($0 % grid.width < 6 ? 0 : 1) }
    let bytes = truth.flatMap { label -> [UInt8] in
      (0..<3).map { _ in UInt8(min(max(Float(60 + 120 * label) + 6 * random.normal(), 0), 255)) }
    }
    let image = try Image(width: grid.width, height: grid.height, rgb: bytes)
    let scores = (0..<2).flatMap { label -> [Float] in
      truth.map { ($0 == label ? 0.6 : -0.6) + 1.5 * random.normal() }
    }
    let unary = try ScoreMapUnary(
      NumericArray(shape: [2, grid.height, grid.width], values: scores), kind: .logits,
      layout: .channelsFirst, parallelism: .serial)
    return TuningImage.Sample(
      scene: Scene(image), energies: try unary.energies(for: Scene(image)),
      truth: try LabelMap(grid: grid, labels: truth))
  }

  private static func space(_ steps: [String]) throws -> SearchSpace {
    try SearchSpace(
      Plan(steps).resolved(.none),
      [.init("bilateral.weight", range: "1,4"), .init("bilateral.color", range: "20,60")])
  }

  private static let settings = [
    TunedSetting([1, 20], iterations: 3), TunedSetting([4, 20], iterations: 3),
    TunedSetting([4, 60], iterations: 5), TunedSetting([0, 0], iterations: 0),
  ]

  @Test(
    "is what a run of the setting's plan comes to, summed over the images of a part",
    arguments: [["crf:model=densecrf"], ["crf:model=densecrf", "majority:radius=1"]])
  func tallies(steps: [String]) throws {
    let space = try Self.space(steps)
    let evaluator = try Evaluator(
      Self.images(), parts: [0, 1, 0], space: space, trimapWidth: 2, parallelism: .serial)
    let tallies = try evaluator.tallies(of: Self.settings + Self.settings.prefix(1), part: 0)
    #expect(tallies[0] == tallies[4])
    #expect(evaluator.madeCount == 4 * 2)
    for (setting, tally) in zip(Self.settings, tallies) {
      var counts = try EvaluationCounts(labelCount: 2, ignoring: 255, isRefined: false, widths: [2])
      for seed in [0, 2] as [UInt64] {
        let sample = try Self.sample(seed: seed)
        let labels =
          setting.iterations == 0
          ? sample.energies.labels(parallelism: .serial)
          : try PreparedPlan(space.plan(of: setting)).run(
            sample.energies, over: sample.scene, RefinementRequest(parallelism: .serial)
          ).labels
        try counts.addBefore(labels, truth: counts.measured(sample.truth))
      }
      #expect(tally.whole == counts.before)
      #expect(tally.band == counts.bandsBefore?.bands[0].confusion)
    }
  }

  @Test("does not depend on threads")
  func threads() throws {
    let space = try Self.space(["crf:model=densecrf"])
    let results = try [1, 2, 5].map { threads in
      try Evaluator(Self.images(), space: space, parallelism: Parallelism(threads: threads))
        .tallies(of: Self.settings)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test("A search goes from the coarse grid to a report of the best beside what was there before")
  func outcome() throws {
    let search = CoarseToFineSearch(
      try Self.space(["crf:model=densecrf"]), iterations: [3], refinements: 1)
    let evaluator = try Evaluator(
      Self.images(), parts: [0, 0, 1], space: search.space, parallelism: .serial)
    let outcome = try SearchOutcome(of: search, for: .accuracy, by: evaluator, heldOut: 1)
    #expect(outcome.result.rounds.map(\.settings.count) == [4, 9])
    #expect(outcome.tuned.prefix(3).map(\.title) == ["no CRF", "densecrf", "1."])
    #expect(outcome.heldOut.count == 3)
    #expect(outcome.tuned[2].setting == outcome.result.best.setting)
    let best = try CRFModel(json: outcome.best(named: "mine", foundBy: "a test"))
    #expect(best.name == "mine" && best.source == "a test on 2 images for accuracy")
    #expect(search.space.setting(of: best) == outcome.result.best.setting)
    #expect(outcome.oddity(ignoring: 255) == nil)
  }

  @Test("is kept in a state, which other conditions refuse")
  func state() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // Fingerprints are of files.
    let images = Self.images().map { image in
      TuningImage(
        name: image.name, scores: folder.path + "/" + image.name, image: nil,
        truth: folder.path + "/" + image.name, load: image.load)
    }
    for image in images { try Data(image.name.utf8).write(to: URL(fileURLWithPath: image.scores)) }
    let space = try Self.space(["crf:model=densecrf"])
    func evaluator(_ conditions: [String: String] = ["the void label": "255"]) throws -> Evaluator {
      try Evaluator(
        images, space: space, state: SearchState(folder.path + "/state", conditions: conditions),
        parallelism: .serial)
    }
    func tallies(made: Int, resumed: Int) throws -> [Tally] {
      let evaluator = try evaluator()
      let tallies = try evaluator.tallies(of: Self.settings)
      #expect(evaluator.madeCount == made && evaluator.resumedCount == resumed)
      return tallies
    }
    let first = try tallies(made: 12, resumed: 0)
    #expect(try tallies(made: 0, resumed: 12) == first)
    let error = try #require(throws: InputError.self) { try evaluator(["the void label": "0"]) }
    #expect(error.problem.contains("the void label was 255, and is 0 now"), "\(error)")
    try Data("other".utf8).write(to: URL(fileURLWithPath: images[1].scores))
    let changed = try #require(throws: InputError.self) { try evaluator() }
    #expect(changed.problem.contains("the files of 'b' have changed"), "\(changed)")
  }
}
