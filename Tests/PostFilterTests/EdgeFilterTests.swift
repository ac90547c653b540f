import Foundation
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

/// The links of a line by hand: Σ |ΔI| or ‖ΔI‖₂ of neighbours.
private func links(_ image: Image, _ from: Int, _ to: Int) -> (sum: Double, distance: Double) {
  let differences = (0..<image.channels).map { Double(image[from, $0]) - Double(image[to, $0]) }
  return (
    differences.reduce(0) { $0 + abs($1) },
    differences.reduce(0) { $0 + $1 * $1 }.squareRoot()
  )
}

/// Calls `body` with the points of each line of each axis, the last axis first.
private func forEachLine(of grid: GridShape, _ body: ([Int]) -> Void) {
  for axis in (0..<grid.rank).reversed() {
    let step = grid.extents[(axis + 1)...].reduce(1, *)
    for point in 0..<grid.count where grid.coordinates(of: point)[axis] == 0 {
      body((0..<grid.extents[axis]).map { point + $0 * step })
    }
  }
}

struct DomainTransformTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "domain_transform"))
  func golden(run: PostRun) throws {
    let mode = run.parameters["mode"].string?.lowercased() ?? ""
    try run.check(
      DomainTransform(
        sigmaSpatial: run.number("sigma_spatial"), sigmaColor: run.number("sigma_color"),
        iterations: run.count("iterations"),
        mode: #require(DomainTransform.Mode(rawValue: mode))),
      over: run.scene(), scores: run.scores())
  }

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "domain_transform_deeplab"))
  func goldenGradients(run: PostRun) throws {
    let (scores, map) = (try run.scores(), try run.array("edges"))
    let transform = DomainTransform(
      sigmaSpatial: try run.number("sigma_spatial"), sigmaColor: try run.number("sigma_range"),
      iterations: try run.count("iterations"), edges: .map(map))
    let grid = try GridShape(map.shape)
    try run.expect(
      transform.filter(scores, over: Scene(grid: grid), parallelism: .serial), "y")
    let upstream = try run.scores("upstream")
    let one = try transform.gradients(
      of: scores, on: grid, upstream: upstream, parallelism: .serial)
    let three = try transform.gradients(
      of: scores, on: grid, upstream: upstream, parallelism: Parallelism(threads: 3))
    #expect(one.scores.rows() == three.scores.rows() && one.edges == three.edges)
    try run.expect(one.scores, "dx")
    try run.expect(one.edges, "dg")
  }

  /// The definition of the recursion in float64, along the lines of any grid.
  private func recursion(
    _ scores: ChannelField, _ grid: GridShape, sigma: Double, ratio: Double, iterations: Int,
    link: (Int, Int) -> Double
  ) -> [Double] {
    var values = scores.rows().map(Double.init)
    for i in 1...iterations {
      let sigma =
        sigma * 3.0.squareRoot() * pow(2, Double(iterations - i))
        / (pow(4, Double(iterations)) - 1).squareRoot()
      forEachLine(of: grid) { line in
        func pull(_ to: Int, _ from: Int, _ edge: Double) {
          let weight = exp(-2.0.squareRoot() / sigma * (1 + ratio * edge))
          for c in 0..<scores.channels {
            let place = line[to] * scores.channels + c
            values[place] += weight * (values[line[from] * scores.channels + c] - values[place])
          }
        }
        for n in line.indices.dropFirst() { pull(n, n - 1, link(line[n - 1], line[n])) }
        for n in line.indices.dropLast().reversed() { pull(n, n + 1, link(line[n], line[n + 1])) }
      }
    }
    return values
  }

  @Test(arguments: [[40], [1, 9], [9, 1], [17, 150], [6, 7, 8]])
  func theRecursionIsTheDefinition(extents: [Int]) throws {
    let scene = try Small.scene(extents)
    let image = try #require(scene.image)
    for labels in [1, 5, 21, 40] {
      let scores = Small.scores(scene.grid, labels: labels)
      let filtered = try DomainTransform(sigmaSpatial: 6, sigmaColor: 50).filter(
        scores, over: scene, parallelism: Parallelism(threads: 2))
      let expected = recursion(
        scores, scene.grid, sigma: 6, ratio: 6 / 50, iterations: 3
      ) { links(image, $0, $1).sum }
      // A float32 recursion is up to 4e-7 off, times 5.
      #expect(largestDifference(filtered.rows(), expected.map { Float($0) }) < 2e-6)
    }
  }

  @Test(arguments: [[40], [9, 1], [13, 21], [5, 6, 7]])
  func windowsAreTheDefinition(extents: [Int]) throws {
    let scene = try Small.scene(extents, channels: 1)
    let image = try #require(scene.image)
    let scores = Small.scores(scene.grid, labels: 5)
    for mode in [DomainTransform.Mode.normalized, .interpolated] {
      let filtered = try DomainTransform(
        sigmaSpatial: 4.3, sigmaColor: 37, iterations: 1, mode: mode
      ).filter(scores, over: scene, parallelism: Parallelism(threads: 2))
      var values = scores.rows().map(Double.init)
      // Of one iteration: σ itself, for √3/√(4 − 1) = 1.
      let radius = 3.0.squareRoot() * 4.3
      forEachLine(of: scene.grid) { line in
        var t = [0.0]
        for n in line.indices.dropFirst() {
          t.append(t[n - 1] + 1 + 4.3 / 37 * links(image, line[n - 1], line[n]).sum)
        }
        for c in 0..<5 {
          let f = line.map { values[$0 * 5 + c] }
          for n in line.indices {
            values[line[n] * 5 + c] =
              mode == .normalized
              ? mean(of: f, t, around: t[n], radius) : integral(of: f, t, around: t[n], radius)
          }
        }
      }
      // Sums in float64, rounded to float32 after each axis.
      #expect(largestDifference(filtered.rows(), values.map { Float($0) }) < 1e-6, "\(mode)")
    }
  }

  private func mean(of f: [Double], _ t: [Double], around t0: Double, _ radius: Double) -> Double {
    let within = f.indices.filter { abs(t[$0] - t0) <= radius }
    return within.reduce(0) { $0 + f[$1] } / Double(within.count)
  }

  /// The mean of the piecewise linear function by many samples of each piece: exact to the midpoint
  /// rule, which is exact for lines.
  private func integral(
    of f: [Double], _ t: [Double], around t0: Double, _ radius: Double
  ) -> Double {
    guard f.count > 1 else { return f[0] }
    let (low, high) = (t0 - radius, t0 + radius)
    let cuts = ([low, high] + t.filter { $0 > low && $0 < high }).sorted()
    func value(_ x: Double) -> Double {
      if x <= t[0] { return f[0] }
      if x >= t[t.count - 1] { return f[f.count - 1] }
      let k = t.lastIndex { $0 <= x }!
      return f[k] + (f[k + 1] - f[k]) * (x - t[k]) / (t[k + 1] - t[k])
    }
    return zip(cuts, cuts.dropFirst()).reduce(0) {
      $0 + ($1.1 - $1.0) * value(($1.0 + $1.1) / 2)
    } / (2 * radius)
  }

  @Test(arguments: DomainTransform.Mode.allCases)
  func keepsItsPromises(mode: DomainTransform.Mode) throws {
    for scene in try [Small.scene([19, 26]), Small.flat([9, 14]), Small.scene([30])] {
      try expectPromises(
        DomainTransform(sigmaSpatial: 5, sigmaColor: 40, mode: mode), over: scene)
    }
  }

  @Test func gradientsAreDifferences() throws {
    let grid = try GridShape([4, 5])
    var generator = SeededGenerator(seed: 3)
    let map = (0..<20).map { _ in generator.uniform() }
    // Two groups of channels, the second not full.
    let scores = Small.scores(grid, labels: 11)
    let upstream = ChannelField(
      points: 20, channels: 11, rows: (0..<220).map { _ in generator.uniform() - 0.5 })
    func loss(
      _ scores: ChannelField, _ map: [Double], spatial: Double = 3, range: Double = 0.5
    ) -> Double {
      let values = recursion(
        scores, grid, sigma: spatial, ratio: spatial / range, iterations: 2
      ) { map[$1] }
      return zip(values, upstream.rows()).reduce(0) { $0 + $1.0 * Double($1.1) }
    }
    let edges = map.map(Double.init)
    let gradients = try DomainTransform(
      sigmaSpatial: 3, sigmaColor: 0.5, iterations: 2,
      edges: .map(NumericArray(shape: [4, 5], values: map))
    ).gradients(of: scores, on: grid, upstream: upstream)
    for point in 0..<20 {
      var (above, below) = (edges, edges)
      above[point] += 1e-5
      below[point] -= 1e-5
      let slope = (loss(scores, above) - loss(scores, below)) / 2e-5
      // Central differences in float64 err by 1e-9, float32 passes by some 1e-7 of values of 1.
      #expect(abs(Double(gradients.edges[point]) - slope) < 2e-6, "point \(point)")
      var (more, less) = (scores, scores)
      more[point, 9] += 0.01
      less[point, 9] -= 0.01
      // Linear in the scores.
      let change = (loss(more, edges) - loss(less, edges)) / 0.02
      #expect(abs(Double(gradients.scores[point, 9]) - change) < 1e-5, "point \(point)")
    }
    let spatial =
      (loss(scores, edges, spatial: 3 + 1e-5) - loss(scores, edges, spatial: 3 - 1e-5)) / 2e-5
    let range =
      (loss(scores, edges, range: 0.5 + 1e-5) - loss(scores, edges, range: 0.5 - 1e-5)) / 2e-5
    // Sums over 20 links of what is some 1e-7 off each.
    #expect(abs(gradients.sigmaSpatial - spatial) < 2e-6, "\(gradients.sigmaSpatial) \(spatial)")
    #expect(abs(gradients.sigmaColor - range) < 2e-6, "\(gradients.sigmaColor) \(range)")
  }

  @Test func edgeMapsMustFit() throws {
    let grid = try GridShape([2, 3])
    for values in [[0, 0, 0, 0, 0, -1], [0, 0, 0, .nan, 0, 0]] as [[Float]] {
      let transform = DomainTransform(
        sigmaSpatial: 3, sigmaColor: 1,
        edges: .map(try NumericArray(shape: [2, 3], values: values)))
      #expect(throws: InputError.self) {
        try transform.filter(
          Small.scores(grid), over: Scene(grid: grid), parallelism: .serial)
      }
    }
    let transform = DomainTransform(
      sigmaSpatial: 3, sigmaColor: 1,
      edges: .map(try NumericArray(shape: [3, 2], values: [Float](repeating: 0, count: 6))))
    #expect(throws: InputError.self) {
      try transform.filter(Small.scores(grid), over: Scene(grid: grid), parallelism: .serial)
    }
  }
}

struct SmootherTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "fast_global_smoother"))
  func golden(run: PostRun) throws {
    let schedule: Smoother.Schedule =
      run.parameters["schedule"].string == "paper"
      ? .paper : .attenuation(try run.number("attenuation"))
    try run.check(
      Smoother(
        lambda: run.number("lambda"), sigmaColor: run.number("sigma_color"),
        iterations: run.count("iterations"), schedule: schedule),
      over: run.scene(), scores: run.scores())
  }

  @Test(arguments: [[40], [1, 9], [9, 1], [17, 150], [6, 7, 8]])
  func solvesEachLine(extents: [Int]) throws {
    let scene = try Small.scene(extents)
    let image = try #require(scene.image)
    for (labels, schedule) in [
      (2, Smoother.Schedule.attenuation(0.25)), (9, .paper), (40, .attenuation(1)),
    ] {
      let scores = Small.scores(scene.grid, labels: labels)
      let filtered = try Smoother(
        lambda: 80, sigmaColor: 12, iterations: 2, schedule: schedule
      ).filter(scores, over: scene, parallelism: Parallelism(threads: 2))
      let lambdas: [Double] =
        switch schedule {
        case .attenuation(let factor): [80, 80 * factor]
        case .paper: [1.5 * 4 / 15 * 80, 1.5 / 15 * 80]
        }
      var values = scores.rows().map(Double.init)
      for lambda in lambdas {
        forEachLine(of: scene.grid) { line in
          for c in 0..<labels {
            let solution = solve(line.map { values[$0 * labels + c] }, lambda) { n in
              exp(-links(image, line[n - 1], line[n]).distance / 12)
            }
            for (n, value) in solution.enumerated() { values[line[n] * labels + c] = value }
          }
        }
      }
      // Recursions in float32, whose errors gather over about √λ points.
      #expect(largestDifference(filtered.rows(), values.map { Float($0) }) < 3e-6)
    }
  }

  /// (1 + λ Σ w) u(n) − λ Σ w u(m) = f(n), by elimination in the full matrix.
  private func solve(
    _ f: [Double], _ lambda: Double, _ weight: (Int) -> Double
  ) -> [Double] {
    let count = f.count
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for n in 0..<count { matrix[n][n] = 1 }
    for n in 1..<max(1, count) {
      let coupling = lambda * weight(n)
      matrix[n][n] += coupling
      matrix[n - 1][n - 1] += coupling
      matrix[n][n - 1] -= coupling
      matrix[n - 1][n] -= coupling
    }
    var u = f
    for k in 0..<count {
      for i in k + 1..<max(count, k + 1) where matrix[i][k] != 0 {
        let factor = matrix[i][k] / matrix[k][k]
        for j in k..<count { matrix[i][j] -= factor * matrix[k][j] }
        u[i] -= factor * u[k]
      }
    }
    for k in (0..<count).reversed() {
      for j in k + 1..<max(count, k + 1) { u[k] -= matrix[k][j] * u[j] }
      u[k] /= matrix[k][k]
    }
    return u
  }

  @Test func keepsItsPromises() throws {
    for scene in try [Small.scene([19, 26]), Small.flat([9, 14]), Small.scene([5, 6, 7])] {
      try expectPromises(Smoother(lambda: 900, sigmaColor: 8), over: scene)
      try expectPromises(Smoother(lambda: 50, sigmaColor: 8, schedule: .paper), over: scene)
    }
  }
}
