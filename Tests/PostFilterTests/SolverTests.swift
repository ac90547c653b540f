import Formats
import Foundation
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

/// Solves A·x = b by elimination in the full matrix.
private func solve(_ matrix: [[Double]], _ side: [Double]) -> [Double] {
  var (matrix, x) = (matrix, side)
  let count = side.count
  for k in 0..<count {
    for i in k + 1..<max(count, k + 1) where matrix[i][k] != 0 {
      let factor = matrix[i][k] / matrix[k][k]
      for j in k..<count { matrix[i][j] -= factor * matrix[k][j] }
      x[i] -= factor * x[k]
    }
  }
  for k in (0..<count).reversed() {
    for j in k + 1..<max(count, k + 1) { x[k] -= matrix[k][j] * x[j] }
    x[k] /= matrix[k][k]
  }
  return x
}

struct BilateralSolverTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "bilateral_solver"))
  func golden(run: PostRun) throws {
    try run.check(
      BilateralSolver(
        lambda: run.number("lambda"), sigmaSpatial: run.number("sigma_spatial"),
        sigmaLuma: run.number("sigma_luma"),
        sigmaChroma: run.parameters["sigma_chroma"].number ?? 1,
        confidence: .map(run.array("confidence"))),
      over: run.scene(), scores: run.scores())
  }

  /// What OpenCV and the authors have of an image in gray, in float64.
  private func definition(
    _ scores: ChannelField, _ scene: Scene, _ confidence: [Double], lambda: Double, spatial: Double,
    luma: Double
  ) throws -> [Float] {
    let image = try #require(scene.image)
    let keys = (0..<scene.grid.count).map { point -> [Int] in
      scene.grid.coordinates(of: point).map { Int((Double($0) / spatial).rounded(.down)) }
        + [Int((Double(image[point, 0]) / luma).rounded(.down))]
    }
    let cells = Array(Set(keys)).sorted { $0.lexicographicallyPrecedes($1) }
    let cell = keys.map { cells.firstIndex(of: $0)! }
    let blur = cells.map { a in
      cells.map { b -> Double in
        if a == b { return Double(2 * a.count) }
        return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } == 1 ? 1 : 0
      }
    }
    let points = cells.indices.map { k in Double(cell.count { $0 == k }) }
    func blurred(_ n: [Double]) -> [Double] {
      blur.map { zip($0, n).reduce(0) { $0 + $1.0 * $1.1 } }
    }
    var n = [Double](repeating: 1, count: cells.count)
    for _ in 0..<10 {
      let sums = blurred(n)
      n = n.indices.map { (n[$0] * points[$0] / sums[$0]).squareRoot() }
    }
    let m = zip(n, blurred(n)).map { $0 * $1 }
    var matrix = cells.indices.map { i in
      cells.indices.map { j in lambda * ((i == j ? m[i] : 0) - n[i] * blur[i][j] * n[j]) }
    }
    for (point, k) in cell.enumerated() { matrix[k][k] += confidence[point] }
    var output = [Float](repeating: 0, count: scores.points * scores.channels)
    for label in 0..<scores.channels {
      var side = [Double](repeating: 0, count: cells.count)
      for (point, k) in cell.enumerated() {
        side[k] += confidence[point] * Double(scores[point, label])
      }
      let solution = solve(matrix, side)
      for (point, k) in cell.enumerated() {
        output[point * scores.channels + label] = Float(solution[k])
      }
    }
    return output
  }

  @Test(arguments: [[40], [9, 13], [4, 5, 6]])
  func isTheDefinition(extents: [Int]) throws {
    let scene = try Small.scene(extents, channels: 1)
    let scores = Small.scores(scene.grid)
    let most = (0..<scene.grid.count).map { point in
      (0..<3).reduce(0) { max($0, Double(scores[point, $1])) }
    }
    let entropies = (0..<scene.grid.count).map { point in
      1
        + (0..<3).reduce(0.0) { sum, label in
          let p = Double(scores[point, label])
          return sum + p * log(p) / log(3)
        }
    }
    for (confidence, values) in [
      (BilateralSolver.Confidence.max, most), (.entropy, entropies),
    ] {
      let filtered = try BilateralSolver(
        lambda: 5, sigmaSpatial: 3, sigmaLuma: 60, sigmaChroma: 1, confidence: confidence
      ).filter(scores, over: scene, parallelism: Parallelism(threads: 2))
      let expected = try definition(scores, scene, values, lambda: 5, spatial: 3, luma: 60)
      // Both are solved in float64; results are float32.
      #expect(largestDifference(filtered.rows(), expected) < 1e-6)
    }
  }

  @Test func partsWithoutConfidenceKeepTheirScores() throws {
    // Two colours, far apart; the left half is trusted.
    let grid = GridShape(width: 8, height: 2)
    let levels = (0..<16).map { UInt8($0 % 8 < 4 ? 10 : 240) }
    let scene = Scene(try Image(grid: grid, channels: 1, pixels: .bytes(levels)))
    let scores = Small.scores(grid)
    let map = try NumericArray(shape: [2, 8], values: (0..<16).map { $0 % 8 < 4 ? 1 : 0 })
    let filtered = try BilateralSolver(
      lambda: 4, sigmaSpatial: 4, sigmaLuma: 8, sigmaChroma: 8, confidence: .map(map)
    ).filter(scores, over: scene, parallelism: .serial)
    for point in 0..<16 {
      for label in 0..<3 {
        if point % 8 >= 4 {
          #expect(filtered[point, label] == scores[point, label])
        } else {
          #expect(filtered[point, label] == filtered[0, label], "points of a cell are alike")
        }
      }
    }
  }

  @Test func keepsItsPromises() throws {
    for scene in try [Small.scene([19, 26]), Small.flat([9, 14]).gray()] {
      try expectPromises(
        BilateralSolver(lambda: 20, sigmaSpatial: 5, sigmaLuma: 16, sigmaChroma: 16), over: scene)
    }
  }

  @Test func colourIsGrayOrRedGreenAndBlue() throws {
    let scene = try Small.scene([4, 4], channels: 2)
    #expect(throws: InputError.self) {
      try BilateralSolver(lambda: 1, sigmaSpatial: 2, sigmaLuma: 2, sigmaChroma: 2).filter(
        Small.scores(scene.grid), over: scene, parallelism: .serial)
    }
  }
}

struct RandomWalkerTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "random_walker"))
  func golden(run: PostRun) throws {
    let seeds = try ImageFile.read(run.input("seeds"))
    let labels = (0..<seeds.grid.count).map { Int(seeds[$0, 0]) - 1 }
    let count = run.parameters["seed_labels"].elements.count
    // Scores only say how many labels there are.
    try run.check(
      RandomWalker(beta: run.number("beta"), seeds: .labels(labels)), over: run.scene(),
      scores: ChannelField(points: seeds.grid.count, channels: count))
  }

  @Test(arguments: [[30], [7, 8], [3, 4, 5]])
  func isTheDefinition(extents: [Int]) throws {
    for channels in [1, 3] {
      let scene = try Small.scene(extents, channels: channels)
      let (grid, image) = (scene.grid, try #require(scene.image))
      let scores = Small.scores(grid)
      let filtered = try RandomWalker(beta: 90, seeds: .confident(0.7)).filter(
        scores, over: scene, parallelism: Parallelism(threads: 2))
      let levels = (0..<grid.count * channels).map {
        Double(image[$0 / channels, $0 % channels]) / 255
      }
      let mean = levels.reduce(0, +) / Double(levels.count)
      let variance =
        levels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(levels.count)
      let s = 10 * variance.squareRoot() * Double(channels).squareRoot()
      // The Laplacian, with rows of seeds replaced by the identity.
      let seeds = (0..<grid.count).map { point -> Int? in
        let best = (0..<3).max { scores[point, $0] < scores[point, $1] }!
        return scores[point, best] >= 0.7 ? best : nil
      }
      var matrix = [[Double]](
        repeating: [Double](repeating: 0, count: grid.count), count: grid.count)
      for a in 0..<grid.count {
        for b in 0..<grid.count where seeds[a] == nil {
          let steps = zip(grid.coordinates(of: a), grid.coordinates(of: b))
            .reduce(0) { $0 + abs($1.0 - $1.1) }
          guard steps == 1 else { continue }
          let distance = (0..<channels).reduce(0.0) {
            let difference = levels[a * channels + $1] - levels[b * channels + $1]
            return $0 + difference * difference
          }
          let weight = exp(-90 * distance / s) + 1e-10
          matrix[a][a] += weight
          matrix[a][b] -= weight
        }
        if seeds[a] != nil { matrix[a][a] = 1 }
      }
      for label in 0..<3 {
        let solution = solve(matrix, seeds.map { $0 == label ? 1 : 0 })
        let found = (0..<grid.count).map { filtered[$0, label] }
        // Both in float64, but for the last rounding.
        #expect(largestDifference(found, solution.map { Float($0) }) < 1e-6)
      }
    }
  }

  @Test func withoutSeedsNothingChanges() throws {
    let scene = try Small.scene([6, 7])
    let scores = Small.scores(scene.grid)
    let filtered = try RandomWalker(seeds: .confident(1)).filter(
      scores, over: scene, parallelism: .serial)
    #expect(filtered.rows() == scores.rows())
  }

  @Test func aConstantImageWalksEvenly() throws {
    let scene = try Small.flat([1, 5])
    var seeds = [Int](repeating: -1, count: 5)
    (seeds[0], seeds[4]) = (0, 1)
    let filtered = try RandomWalker(seeds: .labels(seeds)).filter(
      ChannelField(points: 5, channels: 2), over: scene, parallelism: .serial)
    let expected: [Float] = [1, 0, 0.75, 0.25, 0.5, 0.5, 0.25, 0.75, 0, 1]
    #expect(largestDifference(filtered.rows(), expected) < 1e-6)
  }

  @Test func seedsMustBeLabels() throws {
    let scene = try Small.scene([2, 2])
    for seeds in [[0, 1, 5, -1], [0, 1]] {
      #expect(throws: InputError.self) {
        try RandomWalker(seeds: .labels(seeds)).filter(
          Small.scores(scene.grid), over: scene, parallelism: .serial)
      }
    }
  }
}

struct SuperpixelTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "superpixels"))
  func golden(run: PostRun) throws {
    let superpixels = try Superpixels(run.array("segments"), floor: run.number("floor"))
    let scores = try run.scores("scores")
    let (means, rows) = superpixels.pooled(scores, parallelism: .serial)
    try run.expect(means.rows(), "table")
    let labels = try run.labels()
    let refined = try superpixels.refine(
      EnergyField(grid: labels.grid, probabilities: scores), over: Scene(grid: labels.grid),
      RefinementRequest())
    #expect(refined.marginals.labels == labels)
    #expect(rows.count == labels.grid.count)
    let three = superpixels.pooled(scores, parallelism: Parallelism(threads: 3))
    #expect(three.means.rows() == means.rows())
  }

  @Test func segmentsShareTheirGeometricMean() throws {
    let grid = try GridShape([4])
    let scores = ChannelField(
      points: 4, channels: 2, rows: [0.2, 0.8, 0.8, 0.2, 0, 1, 0.5, 0.5])
    let superpixels = try Superpixels(
      NumericArray(shape: [4], values: [7, 7, 0, 7]), floor: 0.01)
    let filtered = try superpixels.filter(
      scores, over: Scene(grid: grid), parallelism: .serial)
    let mean = Float(pow(0.2 * 0.8 * 0.5, 1.0 / 3))
    let expected: [Float] = [mean, mean, mean, mean, 0.01, 1, mean, mean]
    #expect(largestDifference(filtered.rows(), expected) < 1e-6)
  }

  @Test func segmentsMustFit() throws {
    for value in [-1, 0.5, .nan, 1e9] as [Float] {
      #expect(throws: InputError.self) {
        try Superpixels(NumericArray(shape: [1], values: [value]))
      }
    }
    let superpixels = try Superpixels(NumericArray(shape: [2], values: [0, 1]))
    let grid = try GridShape([3])
    #expect(throws: InputError.self) {
      try superpixels.filter(Small.scores(grid), over: Scene(grid: grid), parallelism: .serial)
    }
  }
}

extension Scene {
  /// The first channel alone.
  fileprivate func gray() throws -> Scene {
    let image = try #require(image)
    let values = (0..<grid.count).map { UInt8(image[$0, 0]) }
    return Scene(try Image(grid: grid, channels: 1, pixels: .bytes(values)))
  }
}
