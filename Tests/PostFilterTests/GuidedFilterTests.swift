import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

struct GuidedFilterTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "guided", "guided_fault"))
  func golden(run: PostRun) throws {
    let border = try #require(WindowBorder(rawValue: run.parameters["border"].string ?? ""))
    try run.check(
      GuidedFilter(radius: run.count("radius"), epsilon: run.number("eps"), border: border),
      over: run.scene(), scores: run.scores())
  }

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "guided_fast"))
  func goldenFast(run: PostRun) throws {
    try run.check(
      GuidedFilter(
        radius: run.count("radius"), epsilon: run.number("eps"),
        subsampling: run.count("subsampling")),
      over: run.scene(), scores: run.scores())
  }

  /// The definition: means over windows that are summed anew for every point, in float64.
  private func definition(
    _ scores: ChannelField, _ scene: Scene, radius: Int, epsilon: Double, border: WindowBorder
  ) throws -> [Float] {
    let image = try #require(scene.image)
    let (grid, count) = (scene.grid, image.channels)
    let windows = (0..<grid.count).map { point -> [Int] in
      let center = grid.coordinates(of: point)
      return zip(center, grid.extents).reduce([0]) { points, axis in
        points.flatMap { point in
          (axis.0 - radius...axis.0 + radius).compactMap { place -> Int? in
            if place >= 0, place < axis.1 { return point * axis.1 + place }
            guard border == .reflect else { return nil }
            let period = ((place % (2 * axis.1)) + 2 * axis.1) % (2 * axis.1)
            return point * axis.1 + (period < axis.1 ? period : 2 * axis.1 - 1 - period)
          }
        }
      }
    }
    func mean(_ value: (Int) -> Double) -> [Double] {
      windows.map { $0.reduce(0) { $0 + value($1) } / Double($0.count) }
    }
    let guide = (0..<count).map { c in (0..<grid.count).map { Double(image[$0, c]) / 255 } }
    let means = guide.map { values in mean { values[$0] } }
    var output = [Float](repeating: 0, count: grid.count * scores.channels)
    for label in 0..<scores.channels {
      let p = mean { Double(scores[$0, label]) }
      let products = guide.map { values in mean { values[$0] * Double(scores[$0, label]) } }
      var squares: [[[Double]]] = []
      for c in 0..<count {
        squares.append((0..<count).map { d in mean { guide[c][$0] * guide[d][$0] } })
      }
      var models = [[Double]](repeating: [], count: grid.count)
      for point in 0..<grid.count {
        var matrix = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
        var a = [Double](repeating: 0, count: count)
        for c in 0..<count {
          a[c] = products[c][point] - means[c][point] * p[point]
          for d in 0..<count {
            matrix[c][d] = squares[c][d][point] - means[c][point] * means[d][point]
          }
          matrix[c][c] += epsilon
        }
        // Elimination without pivots: the matrix is positive definite.
        for k in 0..<count {
          for i in k + 1..<max(count, k + 1) {
            let factor = matrix[i][k] / matrix[k][k]
            for j in k..<count { matrix[i][j] -= factor * matrix[k][j] }
            a[i] -= factor * a[k]
          }
        }
        for k in (0..<count).reversed() {
          for j in k + 1..<max(count, k + 1) { a[k] -= matrix[k][j] * a[j] }
          a[k] /= matrix[k][k]
        }
        var b = p[point]
        for c in 0..<count { b -= a[c] * means[c][point] }
        models[point] = a + [b]
      }
      let smoothed = (0...count).map { k in mean { models[$0][k] } }
      for point in 0..<grid.count {
        var q = smoothed[count][point]
        for c in 0..<count { q += smoothed[c][point] * guide[c][point] }
        output[point * scores.channels + label] = Float(q)
      }
    }
    return output
  }

  @Test(
    arguments: [[37], [1, 9], [9, 1], [19, 23], [7, 9, 8], [3, 4, 5, 4]], WindowBorder.allCases)
  func isTheDefinition(extents: [Int], border: WindowBorder) throws {
    for (channels, labels, radius) in [(1, 3, 1), (2, 9, 3), (3, 5, 2), (5, 33, 4)] {
      let scene = try Small.scene(extents, channels: channels)
      let scores = Small.scores(scene.grid, labels: labels)
      let filtered = try GuidedFilter(radius: radius, epsilon: 0.01, border: border).filter(
        scores, over: scene, parallelism: Parallelism(threads: 2))
      let expected = try definition(
        scores, scene, radius: radius, epsilon: 0.01, border: border)
      // float32 sums of up to 9⁴ values against a variance of 0.01.
      #expect(largestDifference(filtered.rows(), expected) < 1e-5, "\(channels), \(labels)")
    }
  }

  @Test func partsAreSeamless() throws {
    // More columns than a part has, and more rows than a part has planes.
    for extents in [[3, 700], [420, 5]] {
      let scene = try Small.scene(extents, channels: 1)
      let scores = Small.scores(scene.grid, labels: 25)
      let filtered = try GuidedFilter(radius: 2, epsilon: 0.01).filter(
        scores, over: scene, parallelism: Parallelism(threads: 2))
      let expected = try definition(scores, scene, radius: 2, epsilon: 0.01, border: .clip)
      #expect(largestDifference(filtered.rows(), expected) < 1e-5, "\(extents)")
    }
  }

  /// Of windows of many planes fewer labels are done at a time.
  @Test(arguments: WindowBorder.allCases)
  func wideWindowsAreTheDefinition(border: WindowBorder) throws {
    let scene = try Small.scene([37, 40], channels: 1)
    let scores = Small.scores(scene.grid, labels: 9)
    let filtered = try GuidedFilter(radius: 17, epsilon: 0.01, border: border).filter(
      scores, over: scene, parallelism: Parallelism(threads: 2))
    let expected = try definition(scores, scene, radius: 17, epsilon: 0.01, border: border)
    // float32 sums of up to 35² values against a variance of 0.01.
    #expect(largestDifference(filtered.rows(), expected) < 1e-5)
  }

  @Test func keepsItsPromises() throws {
    for border in WindowBorder.allCases {
      try expectPromises(
        GuidedFilter(radius: 3, epsilon: 1e-3, border: border), over: Small.scene([21, 34]))
    }
    try expectPromises(GuidedFilter(radius: 2, epsilon: 1e-3), over: Small.flat([15, 12]))
    try expectPromises(
      GuidedFilter(radius: 6, epsilon: 1e-3, subsampling: 3), over: Small.scene([25, 31]))
  }

  @Test func whatIsNotFiniteStaysWithinItsWindows() throws {
    let scene = try Small.scene([40, 40])
    var scores = Small.scores(scene.grid)
    scores[20 * 40 + 20, 1] = .nan
    let filtered = try GuidedFilter(radius: 2, epsilon: 0.01).filter(
      scores, over: scene, parallelism: .serial)
    let wrong = (0..<1600).filter { filtered[$0, 1].isNaN }
    // Means of means: four points on either side.
    #expect(wrong.count == 81)
    #expect(wrong.allSatisfy { abs($0 / 40 - 20) <= 4 && abs($0 % 40 - 20) <= 4 })
    #expect((0..<1600).allSatisfy { filtered[$0, 0].isFinite && filtered[$0, 2].isFinite })
  }

  @Test func aConstantGuideLeavesADoubleMean() throws {
    let scene = try Small.flat([1, 7])
    var scores = ChannelField(points: 7, channels: 1)
    scores[3, 0] = 9
    let filtered = try GuidedFilter(radius: 1, epsilon: 0.5, border: .reflect).filter(
      scores, over: scene, parallelism: .serial)
    // Means of three, twice, by hand.
    #expect(largestDifference(filtered.rows(), [0, 1, 2, 3, 2, 1, 0]) < 1e-6)
  }

  @Test(arguments: WindowBorder.allCases, [[7, 9], [30], [4, 5, 6]])
  func gradientsAreDifferences(border: WindowBorder, extents: [Int]) throws {
    let grid = try GridShape(extents)
    var generator = SeededGenerator(seed: 4)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in generator.uniform() - 0.5 } }
    let guide = numbers(2 * grid.count)
    let scores = ChannelField(points: grid.count, channels: 9, rows: numbers(9 * grid.count))
    let upstream = ChannelField(points: grid.count, channels: 9, rows: numbers(9 * grid.count))
    let filter = GuidedFilter(radius: 2, epsilon: 0.02, border: border)
    let found = try filter.gradients(
      of: scores, guide: guide, on: grid, upstream: upstream, parallelism: .serial)
    let threaded = try filter.gradients(
      of: scores, guide: guide, on: grid, upstream: upstream,
      parallelism: Parallelism(threads: 3))
    #expect(found.guide == threaded.guide && found.scores.rows() == threaded.scores.rows())
    #expect(found.epsilon == threaded.epsilon)

    func loss(_ scores: ChannelField, _ guide: [Float], epsilon: Double = 0.02) throws -> Double {
      let filtered = try GuidedFilter(radius: 2, epsilon: epsilon, border: border).filter(
        scores, guide: guide, on: grid, parallelism: .serial)
      return zip(filtered.rows(), upstream.rows()).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    // Along directions, since the loss is found in float32: each value is some 1e-6 off, their sum
    // over N·L values some 3e-5, which a step of 0.02 turns into 2e-3 of slopes of 0.3 to 5.
    let along = numbers(9 * grid.count)
    func moved(_ values: [Float], _ direction: [Float], _ step: Float) -> [Float] {
      zip(values, direction).map { $0 + step * $1 }
    }
    func slope(_ gradient: [Float], _ direction: [Float]) -> Double {
      zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    func field(_ rows: [Float]) -> ChannelField {
      ChannelField(points: grid.count, channels: 9, rows: rows)
    }
    let byScores =
      (try loss(field(moved(scores.rows(), along, 0.5)), guide)
        - loss(field(moved(scores.rows(), along, -0.5)), guide))
    #expect(abs(slope(found.scores.rows(), along) - byScores) < 1e-4)
    let guideAlong = numbers(2 * grid.count)
    func guideSlope(_ step: Float) throws -> Double {
      (try loss(scores, moved(guide, guideAlong, step))
        - loss(scores, moved(guide, guideAlong, -step))) / Double(2 * step)
    }
    // Richardson's step takes the error of the second order away.
    let byGuide = (4 * (try guideSlope(0.02)) - (try guideSlope(0.04))) / 3
    #expect(
      abs(slope(found.guide, guideAlong) - byGuide) < 4e-3 * max(1, abs(byGuide)), "\(byGuide)")
    let byEpsilon =
      (try loss(scores, guide, epsilon: 0.021) - loss(scores, guide, epsilon: 0.019)) / 0.002
    #expect(abs(found.epsilon - byEpsilon) < 0.02 * max(1, abs(byEpsilon)), "\(byEpsilon)")
  }

  @Test func withoutAnImageItSaysSo() throws {
    let grid = try GridShape([4, 4])
    #expect(throws: InputError.self) {
      try GuidedFilter(radius: 1, epsilon: 0.1).filter(
        Small.scores(grid), over: Scene(grid: grid), parallelism: .serial)
    }
  }
}
