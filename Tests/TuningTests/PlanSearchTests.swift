import Evaluation
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Tuning
import Unaries

/// Searches over the steps of plans, and label filters that are kept where they pay.
struct PlanSearchTests {
  /// An image whose scores say `predicted`, at a probability of about 0.9.
  private static func image(
    _ name: String, truth: [UInt16], predicted: [UInt16], width: Int, labels: Int
  ) throws -> TuningImage {
    let grid = try GridShape([truth.count / width, width])
    var values = ChannelField(points: grid.count, channels: labels)
    for point in 0..<grid.count {
      for label in 0..<labels where label != Int(predicted[point]) { values[point, label] = 3 }
    }
    let sample = TuningImage.Sample(
      scene: Scene(grid: grid), energies: try EnergyField(grid: grid, values: values),
      truth: try LabelMap(grid: grid, labels: truth))
    return TuningImage(name: name, scores: name, image: nil, truth: name) { _ in sample }
  }

  /// Two halves, in which single pixels are wrong.
  private static func specks() throws -> [TuningImage] {
    try (0..<3).map { seed in
      let truth = (0..<12 * 16).map { UInt16($0 % 16 < 8 ? 0 : 1) }
      var predicted = truth
      for point in stride(from: 18 + 5 * seed, to: truth.count - 20, by: 37) {
        predicted[point] = 1 - predicted[point]
      }
      return try image("\(seed)", truth: truth, predicted: predicted, width: 16, labels: 2)
    }
  }

  @Test(
    arguments: [
      ("majority:radius=1..8", "radius", [1, 2, 4, 8]),
      ("majority:radius=1..6", "radius", [1, 2, 4, 6]),
      ("majority:radius=3|5", "radius", [3, 5]),
      ("temperature:value=0.5..2", "value", [0.5, 1, 2]),
    ] as [(String, String, [Float])])
  func rangesInStepsAreSearched(text: String, key: String, values: [Float]) throws {
    let (plan, ranges) = try StepRange.plan([text])
    let space = try SearchSpace(plan, [], ranges)
    #expect(space.parameters.map(\.key) == [key])
    #expect(space.ranges[0].values == values)
    #expect(space.given.values == [values[0]])
    #expect(space.base == nil && space.given.iterations == 1)
  }

  @Test func choicesAreSearchedByTheirWords() throws {
    let (plan, ranges) = try StepRange.plan([
      "crf:normalization=before|symmetric,iterations=2", "majority:radius=2..4", "majority",
    ])
    let space = try SearchSpace(plan.resolved(.none), [], [])
    #expect(space.parameters.isEmpty)
    // A resolved model has no such setting of its own; the step as it stands has.
    let steps = try SearchSpace(plan, [], ranges)
    #expect(steps.parameters.map(\.name) == ["crf.normalization", "majority-2.radius"])
    let setting = TunedSetting([1, 4], iterations: 1)
    #expect(
      try steps.plan(of: setting).steps.map(\.text)
        == ["crf:iterations=2,normalization=symmetric", "majority:radius=4", "majority"])
    #expect(steps.text(of: setting) == "crf.normalization symmetric, majority-2.radius 4")
  }

  @Test(arguments: [
    ("majority:radius=0..4", "above 0"), ("majority:radius=4..2", "smaller first"),
    ("majority:radius=1|1", "there twice"), ("majority:radius=1|x", "radius"),
    ("majority:radius=1.5|2", "whole number"), ("band:width=2,of=crf|temperature", "not a number"),
    ("majority:size=2..4", "no setting of the majority label filter 'size'"),
  ])
  func illRangesAreExplained(text: String, says: String) throws {
    let error = #expect(throws: InputError.self) {
      let (plan, ranges) = try StepRange.plan([text], saidBy: "--step")
      _ = try SearchSpace(plan, [], ranges)
    }
    let words = "\(error.map { "\($0)" } ?? "")"
    #expect(words.contains(says) && words.contains("--step \(text)"), "\(words)")
  }

  @Test func theBestRadiusIsFoundAndWritten() throws {
    let (plan, ranges) = try StepRange.plan(["majority:radius=1..4"])
    let space = try SearchSpace(plan, [], ranges)
    let images = try Self.specks()
    let evaluator = try Evaluator(images, parts: [0, 0, 1], space: space)
    let outcome = try SearchOutcome(
      of: CoarseToFineSearch(space, iterations: [1], refinements: 1), for: .accuracy,
      by: evaluator, on: 0, heldOut: 1)
    // Any radius mends single pixels; the first is the best of equals.
    #expect(outcome.result.best.setting.values == [1])
    #expect(outcome.result.best.objective == 1)
    #expect(outcome.tuned.map(\.title).prefix(3) == ["no steps", "as given", "1."])
    #expect(outcome.tuned[0].tally.whole.pixelAccuracy ?? 1 < 1)
    #expect(outcome.heldOut[2].tally.whole.pixelAccuracy == 1)
    let written = try Plan(json: outcome.best(named: "best", foundBy: "a test"))
    #expect(written.steps.map(\.text) == ["majority:radius=1"])
    // Whole numbers stay whole between two others.
    #expect(
      outcome.result.rounds[1].settings.allSatisfy { $0.values[0]?.rounded() == $0.values[0] })
  }

  @Test func aFilterThatPaysIsKeptForAllLabels() throws {
    let search = CleanUpSearch(try Self.specks(), for: .miou)
    let filters = try ["majority", "majority:radius=5"].map {
      try Description(JSONValue(description: $0), in: LabelFilterKind.registry)
    }
    let outcome = try search.run(filters, after: Plan([]))
    #expect(outcome.plan.steps.map(\.text) == ["majority"])
    #expect(outcome.trials.map(\.isKept) == [true, false])
    #expect(outcome.trials[0].after == 1 && outcome.trials[1].before == 1)
  }

  /// Single pixels of label 1 are right, those of label 2 are wrong.
  @Test func aFilterIsKeptForTheLabelsForWhichItPays() throws {
    var truth = [UInt16](repeating: 0, count: 20 * 20)
    var predicted = truth
    for point in stride(from: 21, to: 380, by: 7) { (truth[point], predicted[point]) = (1, 1) }
    for point in stride(from: 24, to: 358, by: 14) { predicted[point] = 2 }
    for point in 380..<400 { (truth[point], predicted[point]) = (2, 2) }
    let image = try Self.image(
      "one", truth: truth, predicted: predicted, width: 20, labels: 3)
    let filter = try Description(
      JSONValue(description: "components:minimum=4,replace=neighbour"),
      in: LabelFilterKind.registry)
    for threads in [1, 3] {
      let search = CleanUpSearch(
        [image], for: .miou, parallelism: Parallelism(threads: threads))
      let outcome = try search.run([filter], after: Plan([]))
      #expect(
        outcome.plan.steps.map(\.text) == ["components:minimum=4,classes=2,replace=neighbour"])
      #expect(outcome.trials.map(\.isKept) == [false, false, false, true])
      let tallies = try search.tallies(after: outcome.plan)
      #expect(tallies.unfiltered.whole.meanIOU == 1)
    }
  }
}
