import Lattice
import LatticeSupport
import MeanField
import Pipeline
import PostFilters
import Testing
import Unaries

/// A small scene with an image and noisy scores, the same in every test.
enum Painted {
  static let grid = GridShape(width: 24, height: 18)

  static let scene: Scene = {
    let rgb = (0..<grid.count).flatMap { point -> [UInt8] in
      let (y, x) = point.quotientAndRemainder(dividingBy: grid.width)
      return x + y / 2 < 14 ? [200, UInt8(3 * y), 40] : [30, UInt8(5 * x), 160]
    }
    return Scene(try! Image(grid: grid, channels: 3, pixels: .bytes(rgb)))
  }()

  static let energies: EnergyField = {
    var generator = SeededGenerator(seed: 12)
    let planes = (0..<3 * grid.count).map { _ in 3 * generator.uniform() }
    return try! EnergyField(grid: grid, labelCount: 3, planes: planes)
  }()

  static let model = try! CRFModel.preset("deeplab-vgg")

  static func run(
    _ plan: Plan, threads: Int = 2, context: DescriptionContext = .none
  ) throws -> PreparedPlan.Result {
    try PreparedPlan(plan, context: context).run(
      energies, over: scene, RefinementRequest(parallelism: Parallelism(threads: threads)))
  }
}

struct PlanTests {
  @Test func oneCRFIsTheDenseCRF() throws {
    let crf = try DenseCRF(
      scene: Painted.scene, unary: Painted.energies,
      terms: Painted.model.pairwiseTerms(on: Painted.grid))
    let expected = crf.marginals(iterations: Painted.model.iterations)
    for plan in [Plan(Painted.model), try Plan(["crf:model=deeplab-vgg"])] {
      let result = try Painted.run(plan)
      #expect(result.marginals.values.rows() == expected.values.rows())
      #expect(result.labels == expected.labels)
    }
  }

  @Test func stepsAreMadeInTheirOrder() throws {
    let result = try Painted.run(
      Plan(["temperature:value=2", "crf:model=deeplab-vgg,iterations=3", "majority:radius=1"]))
    // By hand: the energies halved, the CRF, the majority.
    let warm = try EnergyField(
      grid: Painted.grid,
      values: ChannelField(
        points: Painted.grid.count, channels: 3,
        rows: Painted.energies.values.rows().map { $0 / 2 }))
    let crf = try DenseCRF(
      scene: Painted.scene, unary: warm, terms: Painted.model.pairwiseTerms(on: Painted.grid))
    let marginals = crf.marginals(iterations: 3)
    // The energies of a step are −log of marginals in float32: what their rounding does to softmax.
    let difference =
      zip(result.marginals.values.rows(), marginals.values.rows())
      .map { abs($0 - $1) }.max() ?? 1
    #expect(difference < 1e-5)
    let labels = try Majority(radius: 1).filter(
      result.marginals.labels, result.marginals, over: Painted.scene, parallelism: .serial)
    #expect(result.labels == labels)
    #expect(result.reports.count == 2 && result.reports[1].iterations == 3)
  }

  @Test func marginalsTakeThePlaceOfEnergiesThatNobodyElseHolds() throws {
    var place: UnsafePointer<Float>?
    func energies() throws -> EnergyField {
      let count = 3 * Painted.grid.count
      let energies = try EnergyField(
        grid: Painted.grid, labelCount: 3, planes: (0..<count).map { Float($0 % 7) })
      place = energies.values.base
      return energies
    }
    let result = try PreparedPlan(Plan(Painted.model)).run(energies(), over: Painted.scene)
    #expect(result.marginals.values.base == place)
  }

  @Test func withoutStepsTheScoresStay() throws {
    let result = try Painted.run(try Plan([]))
    #expect(result.labels == Painted.energies.labels())
    #expect(result.reports.isEmpty)
  }

  @Test func labelsAloneAreCleaned() throws {
    let grid = try GridShape([3, 4])
    let map = try LabelMap(grid: grid, labels: [0, 0, 1, 1, 0, 5, 1, 1, 0, 0, 1, 1])
    let cleaned = try PreparedPlan(Plan(["majority"])).clean(map, over: Scene(grid: grid))
    #expect(cleaned.labels == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1])
    let scores = try PreparedPlan(Plan(["temperature:value=2", "majority"]))
    let error = #expect(throws: InputError.self) {
      try scores.clean(map, over: Scene(grid: grid))
    }
    #expect(
      error?.problem == "the step temperature:value=2 refines scores, but there are labels alone")
  }

  /// A label filter that looks at marginals.
  private struct Sure: LabelFilter {
    var name: String { "sure" }
    var reach: Reach { .steps(0) }
    var needsMarginals: String? { "compares probabilities" }

    func filter(
      _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
    ) throws -> LabelMap { labels }
  }

  @Test func whatNeedsMarginalsIsNotGivenLabelsAlone() throws {
    let map = try LabelMap(grid: GridShape([2]), labels: [0, 1])
    let plan = PreparedPlan(refinements: [], labelFilters: [Sure()])
    let error = #expect(throws: InputError.self) {
      try plan.clean(map, over: Scene(grid: map.grid))
    }
    #expect(error?.problem == "the step sure compares probabilities, but there are labels alone")
  }

  @Test func threadsChangeNothing() throws {
    let plan = try Plan([
      "band:width=2.5,of=\"crf:model=densecrf,iterations=2\"", "temperature:value=0.7", "majority",
    ])
    let one = try Painted.run(plan, threads: 1)
    let four = try Painted.run(plan, threads: 4)
    #expect(one.marginals.values.rows() == four.marginals.values.rows())
    #expect(one.labels == four.labels)
  }

  @Test(arguments: [
    (["crg"], "there is no step 'crg'; did you mean 'crf'"),
    (["crf:modle=x"], "did you mean 'model'"),
    (["temperature"], "lacks 'value='"),
    (["temperature:value=0"], "a number above 0"),
    (["temperature:value=two"], "a number above 0"),
    (["majority:radius=0"], "a whole number from 1 to 1024"),
    (["majority", "crf"], "step 2, crf, is a refinement"),
    (["crf:normalization=both"], "known are none, before, after, symmetric"),
    (["crf:model=\"a"], "a quote that is not closed"),
    (["band:width=2,width=3"], "given twice"),
  ])
  func illStepsAreExplained(steps: [String], says: String) {
    let error = #expect(throws: InputError.self) { try Plan(steps) }
    #expect(error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    (["crf:model=deeplab"], "there is no preset 'deeplab'"),
    (["band:width=2,of=bend"], "there is no refinement 'bend'; did you mean 'band'"),
    (["band:width=2,of=\"crf:model=nobody\""], "there is no preset 'nobody'"),
    (["crf:filter=exakt"], "did you mean 'exact'"),
  ])
  func whatAPlanNamesMustBeThere(steps: [String], says: String) throws {
    let plan = try Plan(steps)
    var context = DescriptionContext.none
    context.text = { throw InputError(.noInput, at: $0, "is not there") }
    for prepare in [
      { _ = try plan.resolved(context) }, { _ = try PreparedPlan(plan, context: context) },
    ] {
      let error = #expect(throws: InputError.self) { try prepare() }
      #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }
  }

  @Test func plansAreReadBackFromTheirJSON() throws {
    let plan = try Plan([
      "temperature:value=2", "band:width=3,of=\"crf:model=crf-rnn\"", "majority",
    ])
    #expect(try Plan(json: JSONValue(parsing: plan.json.text())) == plan)
    let resolved = try plan.resolved(.none)
    #expect(try Plan(json: JSONValue(parsing: resolved.json.text())) == resolved)
    #expect(resolved.models == [try CRFModel.preset("crf-rnn")])
    let (named, written) = (try Painted.run(plan), try Painted.run(resolved))
    #expect(named.marginals.values.rows() == written.marginals.values.rows())
    #expect(try Plan(json: Painted.model.json) == Plan(Painted.model))
  }

  @Test func reachesAddUp() throws {
    func reach(_ steps: [String]) throws -> Reach {
      try PreparedPlan(Plan(steps), context: .none).reach
    }
    // Three bandwidths of 50 pixels.
    #expect(try reach(["crf:model=deeplab-largefov"]) == .steps(150))
    #expect(try reach(["temperature:value=2"]) == .steps(0))
    #expect(
      try reach(["temperature:value=2", "crf:model=deeplab-largefov", "majority:radius=4"])
        == .steps(154))
    #expect(try reach(["band:width=7,of=\"temperature:value=2\""]) == .steps(7))
    let everywhere = CRFModel(terms: [try CRFModel.Term("features:weight=1,file=f.npy")])
    #expect(try PreparedPlan(Plan(everywhere)).reach == .everywhere)
  }

  @Test func registeredStepsAreKnownByName() throws {
    let kind = RefinementKind(
      name: "uniform-in-tests", summary: "forgets everything", settings: [],
      example: "uniform-in-tests"
    ) { _, _ in Temperature(1e30) }
    try RefinementKind.registry.register(kind)
    #expect(throws: InputError.self) { try RefinementKind.registry.register(kind) }
    let result = try Painted.run(Plan(["uniform-in-tests"]))
    #expect(result.marginals.values.rows().allSatisfy { abs($0 - 1 / 3) < 1e-6 })
    #expect(try Plan.help(for: "uniform-in-tests").contains("forgets everything"))
  }
}

struct TiledRunTests {
  @Test func tilesThatOverlapByTheReachGiveTheWholesLabels() throws {
    let model = CRFModel(
      terms: [try CRFModel.Term("gaussian:weight=1,spatial=0.7")], iterations: 1,
      filter: Description(.exact))
    let plan = try PreparedPlan(Plan(model))
    let tiling = try Tiling(
      size: TileSize(width: 20, height: 20), overlap: 10, reach: plan.reach)
    let tiles = tiling.tiles(of: Painted.grid)
    #expect(tiles.count > 1)
    let whole = try Painted.run(Plan(model))
    var labels: [UInt16] = []
    let run = TiledRun(plan, on: tiles, RefinementRequest())
    let seams = try run.run { region in
      let rows = region.cut(
        region,
        from: region.rows.flatMap { row in
          region.columns.flatMap { column in
            (0..<3).map { Painted.energies.values[row * Painted.grid.width + column, $0] }
          }
        }, channels: 3)
      let energies = try EnergyField(
        grid: region.grid,
        values: ChannelField(points: region.grid.count, channels: 3, rows: rows))
      return (
        Scene(
          grid: region.grid, image: nil,
          origin: [region.rows.lowerBound, region.columns.lowerBound]), energies
      )
    } visit: { _ in
    } finish: {
      labels += $0.after
    }
    #expect(labels == whole.labels.labels)
    #expect(seams.pixels > 0)
    // One update with five pixels on either side of a seam, beyond which weights are below 1e-11.
    #expect(seams.largestDifference < 1e-6)
  }

  @Test func tilingsThatCannotBeAreRefused() {
    let size = TileSize(width: 100, height: 60)
    #expect(throws: Tiling.Problem.reachesEverywhere) {
      try Tiling(size: size, reach: .everywhere)
    }
    #expect(throws: Tiling.Problem.overlapTooSmall(1)) {
      try Tiling(size: size, overlap: 1, reach: .steps(3))
    }
    #expect(throws: Tiling.Problem.overlapTooLarge(80)) {
      try Tiling(size: size, reach: .steps(40))
    }
  }
}
