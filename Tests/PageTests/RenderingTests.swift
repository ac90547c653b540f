import Evaluation
import Formats
import LatticeSupport
import MeanField
import Pipeline
import Testing
import Unaries

import Page

/// What a page shows, beside the same without it.
struct RenderingTests {
  /// The labels and counts as crf-refine makes them.
  private func expected(_ plan: Plan) throws -> (labels: LabelMap, counts: EvaluationCounts) {
    let sample = try PageSample.image().load(PageSample.parallelism)
    let labels = try PreparedPlan(plan).run(sample.energies, over: sample.scene).labels
    var counts = try EvaluationCounts(
      labelCount: sample.energies.labelCount, ignoring: 255, isRefined: true, widths: [4])
    let truth = counts.measured(try #require(sample.truth))
    try counts.addBefore(sample.energies.labels(parallelism: .serial), truth: truth)
    try counts.addAfter(labels, truth: truth)
    return (labels, counts)
  }

  private func check(_ answer: Browser.Answer, _ plan: Plan) throws {
    let expected = try expected(plan)
    #expect(answer.error == nil)
    #expect(answer.labels == expected.labels.labels)
    let figures = try #require(answer.json["figures"])
    for (key, confusion) in [
      ("before", expected.counts.before), ("after", try #require(expected.counts.after)),
    ] {
      #expect(figures[key]?["all"]?["mean"]?.number == confusion.meanIOU)
    }
    let near = try #require(expected.counts.bandsAfter?.bands.first?.confusion)
    #expect(figures["after"]?["near"]?["mean"]?.number == near.meanIOU)
  }

  @Test func labelsAndFiguresAreThoseOfThePlanWithoutThePage() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let plan = try Plan(steps: PageSample.plan.steps + Plan(["majority:radius=1"]).steps)
    try check(browser.render(plan), plan)
  }

  @Test func filtersStayWhileWeightsChangeAndLabelsAreThoseOfNewOnes() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let image = try browser.site.store.image(0)
    for weight: Float in [4, 0.5, 9] {
      let plan = Plan(CRFModelOfTests.weighing(weight))
      try check(browser.render(plan), plan)
      #expect(image.terms.count == 2)
    }
    var model = CRFModelOfTests.model
    model.terms[1].kernel.settings["spatial"] = .bandwidths(9)
    try check(browser.render(Plan(model)), Plan(model))
    #expect(image.terms.count == 3)
  }

  @Test func aSmallerSceneGivesALabelToEveryPixel() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let coarse = try #require(browser.render(PageSample.plan, factor: 2).labels)
    let whole = try #require(browser.render(PageSample.plan).labels)
    #expect(coarse.count == whole.count)
    let same = zip(coarse, whole).count { $0 == $1 }
    // Boundaries are off by a pixel of the smaller scene; shapes are the same.
    #expect(Double(same) > 0.95 * Double(whole.count))
    let again = try #require(browser.render(PageSample.plan, factor: 2).labels)
    #expect(again == coarse)
  }

  @Test func updatesOfTheFirstCRFAreThoseOfFewerIterations() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let plan = try Plan(steps: PageSample.plan.steps + Plan(["majority:radius=2"]).steps)
    var model = CRFModelOfTests.model
    model.iterations = 1
    let expected = try expected(Plan(model)).labels.labels
    #expect(try browser.render(plan, update: 1).labels == expected)
  }

  @Test func aBeliefIsTheProbabilityOfALabelInBytes() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let belief = try #require(browser.render(PageSample.plan, belief: 1).parts["belief"])
    let sample = try PageSample.image().load(PageSample.parallelism)
    let marginals = try PreparedPlan(PageSample.plan).run(sample.energies, over: sample.scene)
      .marginals
    let expected = (0..<sample.scene.grid.count).map { point in
      UInt8((255 * marginals.values[point, 1]).rounded())
    }
    #expect(belief == expected)
  }

  @Test func aPixelTellsWhatIsShown() throws {
    let browser = Browser(PageSample.settings([PageSample.image()]))
    let labels = try #require(browser.render(PageSample.plan).labels)
    let image = try browser.site.store.image(0)
    let (x, y) = (30, 20)
    let point = y * image.scene.grid.width + x
    let answer = try browser.ask([
      "want": .text("point"), "slot": .number(0), "x": .number(x), "y": .number(y),
    ])
    #expect(answer.json["label"]?.number == Double(labels[point]))
    guard case .list(let probabilities)? = answer.json["probabilities"],
      case .list(let energies)? = answer.json["energies"]
    else {
      Issue.record("no probabilities")
      return
    }
    let sum = probabilities.compactMap(\.number).reduce(0, +)
    // Single precision, and as many digits in text as it needs.
    #expect(abs(sum - 1) < 1e-5)
    #expect(
      energies.map { Float($0.number ?? .nan) }
        == (0..<energies.count).map { image.energies.values[point, $0] })
  }

  @Test func aPixelListensToWhatIsLikeIt() throws {
    let browser = Browser(PageSample.settings([PageSample.painted()]))
    let answer = try browser.ask([
      "want": .text("listen"), "image": .number(0), "plan": PageSample.plan.json, "x": .number(0),
      "y": .number(1),
    ])
    let weights = try #require(answer.parts["kernel 1"])
    #expect(weights.count == 15)
    // The loudest is 255; on a lattice, that need not be the pixel itself.
    #expect(weights.max() == 255 && weights[5] > 230)
    // Its neighbour is as dark; the pixel after the next is bright, 18 bandwidths away.
    #expect(weights[6] > 200 && weights[7] == 0)
  }

  @Test func runsStandForTheirLabels() {
    let labels: [UInt16] = [3, 3, 3, 700, 0, 0]
    #expect(LabelRuns.bytes(of: labels) == [3, 0, 3, 0, 188, 2, 1, 0, 0, 0, 2, 0])
    let long = [UInt16](repeating: 9, count: 70000) + labels
    #expect(LabelRuns.labels(LabelRuns.bytes(of: long)) == long)
    #expect(LabelRuns.labels([1, 2, 3]) == nil)
  }

  @Test func smallerScenesHaveTheMeansOfTheirPixels() throws {
    let grid = GridShape(width: 3, height: 2)
    let image = try Image(
      width: 3, height: 2, rgb: [0, 10, 20, 30, 40, 50].flatMap { [$0, 0, 0] })
    let energies = try EnergyField(
      grid: grid, labelCount: 1, planes: [1, 2, 3, 4, 5, 6])
    let coarse = CoarseScene(Scene(image), energies, factor: 2, parallelism: .serial)
    #expect(coarse.scene.grid == GridShape(width: 2, height: 1))
    // (0 + 10 + 30 + 40) / 4, and (20 + 50) / 2 at the border.
    #expect(coarse.scene.image.map { [$0[0, 0], $0[1, 0]] } == [20, 35])
    #expect((0..<2).map { coarse.energies.values[$0, 0] } == [3, 4.5])
  }

  @Test func fewerUpdatesAreMadeInAHurry() throws {
    let plan = try Plan(["crf:model=deeplab-v2-pytorch", "guided:radius=8"]).resolved(.none)
    let updates = try #require(plan.models.first).iterations
    #expect(updates == 10)
    #expect(plan.limitingUpdates(to: 5).models.map(\.iterations) == [5])
    #expect(plan.limitingUpdates(to: 5).steps.count == 2)
    #expect(plan.limitingUpdates(to: 20) == plan)
  }

  @Test func smallerScenesHaveShorterDistances() throws {
    let plan = try Plan([
      "crf:model=deeplab-v2-pytorch", "guided:radius=8", "components:minimum=64,replace=neighbour",
    ]).resolved(.none).coarse(2)
    let model = try #require(plan.models.first)
    #expect(model.terms.map { $0.kernel.settings.bandwidths("spatial") } == [0.5, 33.5])
    #expect(model.terms[1].colorBandwidths == 3)
    #expect(plan.steps[1].text.contains("radius=4"))
  }
}
