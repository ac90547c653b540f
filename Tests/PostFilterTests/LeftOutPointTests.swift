import LatticeSupport
import Pipeline
import PostFilters
import TestSupport
import Testing
import Unaries

/// Steps over scenes that leave points out.
struct LeftOutPointTests {
  /// One of each kind, and of each way of doing it.
  static let refinements = [
    "temperature:value=2", "guided:radius=2,epsilon=0.01", "domain-transform:spatial=4,color=60",
    "domain-transform:spatial=4,color=60,mode=nc", "smoother:lambda=9,color=20",
    "joint-bilateral:spatial=2,color=40", "bilateral-solver:lambda=4,spatial=3,luma=30,chroma=30",
    "pamr:dilations=1x2,iterations=2", "par:dilations=1x2,iterations=2",
    "random-walker:beta=200,confidence=0.7", "superpixels:segments=map",
    "band:width=2,of=\"guided:radius=2,epsilon=0.01\"",
    "crf:model=deeplab-vgg,iterations=2",
  ]
  static let labelFilters = [
    "components:minimum=4", "components:minimum=4,replace=neighbour",
    "components:minimum=4,replace=likeliest", "largest:count=1", "holes",
    "holes:maximum=9,open=yes", "sieve:minimum=4", "majority:radius=1", "open:radius=1",
    "close:radius=1,classes=0+2", "keep:classes=0+1", "map:to=0:1",
  ]
  private static let width = 23
  private static let height = 14
  private static let grid = GridShape(width: width, height: height)
  private static let labelCount = 3

  /// Points here and there, a part of a row and all from a column on.
  private static let scattered: PointMask = {
    var generator = SeededGenerator(seed: 12)
    let isCounted = (0..<grid.count).map { point in
      generator.uniform() > 0.15 && point % width < 19 && !(80..<90).contains(point)
    }
    return try! PointMask(grid: grid, isCounted: isCounted)
  }()

  private static func prepared(_ step: String) throws -> PreparedPlan {
    var context = DescriptionContext.none
    context.array = { _ in
      try NumericArray(
        shape: grid.extents, values: (0..<grid.count).map { Float($0 % width / 4) })
    }
    return try PreparedPlan(Plan([step]), context: context)
  }

  /// Levels and probabilities, with others at points that are left out.
  private static func given(
    _ mask: PointMask?, level: UInt8 = 0, row: [Float] = [1, 0, 0]
  ) throws -> (Scene, EnergyField) {
    let image = try #require(Small.scene(grid.extents).image)
    guard case .bytes(var bytes) = image.pixels else { preconditionFailure("levels of 8 bits") }
    var rows = Small.scores(grid, labels: labelCount).rows()
    for point in 0..<grid.count where mask?.isCounted[point] == false {
      for index in 0..<3 {
        bytes[point * 3 + index] = level
        rows[point * 3 + index] = row[index]
      }
    }
    return (
      Scene(
        grid: grid, image: try Image(grid: grid, channels: 3, pixels: .bytes(bytes)), mask: mask),
      EnergyField(
        of: Marginals(
          unchecked: ChannelField(points: grid.count, channels: 3, rows: rows), grid: grid),
        parallelism: .serial)
    )
  }

  private static func run(
    _ step: String, _ given: (Scene, EnergyField), threads: Int = 1
  ) throws -> PreparedPlan.Result {
    try prepared(step).run(
      given.1, over: given.0,
      RefinementRequest(parallelism: Parallelism(threads: threads)))
  }

  /// The rows of points that count.
  private static func rows(_ result: PreparedPlan.Result, _ mask: PointMask) -> [Float] {
    result.marginals.values.kept(mask).rows()
  }

  @Test(arguments: refinements + labelFilters)
  func whatIsLeftOutHasNoInfluence(step: String) throws {
    let mask = Self.scattered
    let result = try Self.run(step, Self.given(mask))
    let others = try Self.run(step, Self.given(mask, level: 255, row: [0, 0.1, 0.9]), threads: 3)
    #expect(Self.rows(result, mask) == Self.rows(others, mask))
    #expect(result.labels == others.labels)
    #expect(
      (0..<Self.grid.count).allSatisfy {
        mask.isCounted[$0] || result.labels.labels[$0] == 255
      })
    // Something else comes of it where all points count.
    let whole = try Self.run(step, Self.given(nil))
    let isPointwise = ["temperature", "keep", "map"].contains { step.hasPrefix($0) }
    #expect(
      isPointwise || Self.rows(whole, mask) != Self.rows(result, mask)
        || whole.labels.marking(mask, labelCount: 3) != result.labels)
  }

  /// What lies beside a part that is left out is an image of its own. Filters that repeat the
  /// border know the difference.
  @Test(
    arguments: (refinements + labelFilters).filter { step in
      !["joint", "pamr", "par:", "crf"].contains { step.hasPrefix($0) }
    })
  func whatIsLeftIsAnImageOfItsOwn(step: String) throws {
    let kept = 13
    let mask = try PointMask(
      grid: Self.grid, isCounted: (0..<Self.grid.count).map { $0 % Self.width < kept })
    let (scene, energies) = try Self.given(mask)
    let masked = try Self.run(step, (scene, energies))
    let part = GridShape(width: kept, height: Self.height)
    let image = try #require(scene.image)
    guard case .bytes(let bytes) = image.pixels else { preconditionFailure("levels of 8 bits") }
    let own = Scene(
      try Image(
        grid: part, channels: 3,
        pixels: .bytes(mask.points.flatMap { bytes[$0 * 3..<($0 + 1) * 3] })))
    let ownEnergies = EnergyField(unchecked: energies.values.kept(mask), grid: part)
    var context = DescriptionContext.none
    context.array = { _ in
      try NumericArray(
        shape: part.extents, values: mask.points.map { Float($0 % Self.width / 4) })
    }
    let alone = try PreparedPlan(Plan([step]), context: context).run(ownEnergies, over: own)
    // Guided filters take their means in another order: a few units of rounding, which an ε of 0.01
    // enlarges a hundredfold at most. Others do the same sums.
    let tolerance: Float = step.contains("guided") ? 2e-5 : 1e-6
    #expect(
      largestDifference(Self.rows(masked, mask), alone.marginals.values.rows()) < tolerance)
    let labels = mask.points.map { masked.labels.labels[$0] }
    #expect(step.contains("guided") || labels == alone.labels.labels)
  }

  @Test(arguments: [AffinityRefinement.Form.pamr, .par])
  func pixelsWithoutNeighboursStay(form: AffinityRefinement.Form) throws {
    let grid = GridShape(width: 5, height: 5)
    let scene = try Small.scene(grid.extents)
    let alone = try PointMask(grid: grid, isCounted: (0..<25).map { $0 == 12 })
    let scores = Small.scores(grid)
    let filtered = try AffinityRefinement(form, dilations: [1, 2], iterations: 3).filter(
      scores, over: Scene(grid: grid, image: scene.image, mask: alone), parallelism: .serial)
    #expect(filtered.rows() == scores.rows())
  }

  @Test func walksEndAtWhatIsLeftOut() throws {
    // A column without points parts two halves; only the left one has a seed.
    let grid = GridShape(width: 7, height: 4)
    let scene = try Small.scene(grid.extents)
    let mask = try PointMask(grid: grid, isCounted: (0..<28).map { $0 % 7 != 3 })
    let scores = Small.scores(grid)
    var seeds = [Int](repeating: -1, count: 28)
    seeds[0] = 1
    let filtered = try RandomWalker(seeds: .labels(seeds)).filter(
      scores, over: Scene(grid: grid, image: scene.image, mask: mask), parallelism: .serial)
    for point in 0..<28 {
      let row = (0..<3).map { filtered[point, $0] }
      // Solved in float64 and rounded.
      let isLeft = point % 7 < 3
      let expected: [Float] = isLeft ? [0, 1, 0] : (0..<3).map { scores[point, $0] }
      #expect(largestDifference(row, expected) < 1e-6)
    }
  }

  @Test(arguments: [
    "guided:radius=2,subsample=2", "guided:radius=2,border=reflect", "domain-transform:mode=ic",
  ])
  func otherStepsAreRefused(step: String) throws {
    do {
      _ = try Self.run(step, Self.given(Self.scattered))
      Issue.record("\(step) takes a mask")
    } catch let error as InputError {
      #expect(error.problem.contains("takes every point into account"))
    }
  }
}
