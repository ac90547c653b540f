import Foundation
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

struct NeighbourFilterTests {
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "pamr", "par"))
  func goldenAffinities(run: PostRun) throws {
    let isPAMR = run.testDescription.hasPrefix("pamr")
    try run.check(
      AffinityRefinement(
        isPAMR ? .pamr : .par, dilations: run.parameters["dilations"].numbers.map { Int($0) },
        iterations: run.count("iterations")),
      over: run.scene(), scores: run.scores())
  }

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: try PostRun.all(ofKind: "joint_bilateral"))
  func goldenJointBilateral(run: PostRun) throws {
    let (sigma, diameter) = (try run.number("sigma_space"), try run.count("diameter"))
    let radius =
      diameter > 0 ? max(1, diameter / 2) : JointBilateral.usualRadius(sigmaSpatial: sigma)
    #expect(try radius == run.count("radius"))
    try run.check(
      JointBilateral(sigmaSpatial: sigma, sigmaColor: run.number("sigma_color"), radius: radius),
      over: run.scene(), scores: run.scores())
  }

  /// Rounds of weighted means by the definition, in float64.
  private func means(
    _ scores: ChannelField, _ grid: GridShape, rounds: Int,
    weights: (Int) -> [(point: Int, weight: Double)]
  ) -> [Float] {
    let all = (0..<grid.count).map(weights)
    var values = scores.rows().map(Double.init)
    for _ in 0..<rounds {
      values = (0..<values.count).map { index in
        let (point, label) = index.quotientAndRemainder(dividingBy: scores.channels)
        return all[point].reduce(0) {
          $0 + $1.weight * values[$1.point * scores.channels + label]
        }
      }
    }
    return values.map { Float($0) }
  }

  private func spread(_ values: [Double]) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  private func softmax(_ values: [Double]) -> [Double] {
    let peak = values.max() ?? 0
    let powers = values.map { exp($0 - peak) }
    return powers.map { $0 / powers.reduce(0, +) }
  }

  /// The scene, and where `isMasked` without every fifth of its points.
  private func masked(_ scene: Scene, _ isMasked: Bool) throws -> Scene {
    guard isMasked else { return scene }
    let isCounted = (0..<scene.grid.count).map { $0 % 5 != 3 }
    return Scene(
      grid: scene.grid, image: scene.image,
      mask: try PointMask(grid: scene.grid, isCounted: isCounted))
  }

  @Test(
    arguments: [
      ([13, 21], false), ([1, 30], false), ([30, 1], false), ([4, 3], false), ([13, 21], true),
    ], [AffinityRefinement.Form.pamr, .par])
  func affinitiesAreTheDefinition(
    shape: (extents: [Int], isMasked: Bool), form: AffinityRefinement.Form
  ) throws {
    let extents = shape.extents
    for (channels, labels) in [(1, 2), (3, 9), (4, 40)] {
      let scene = try masked(Small.scene(extents, channels: channels), shape.isMasked)
      let image = try #require(scene.image)
      func counts(_ point: Int) -> Bool { scene.mask?.isCounted[point] ?? true }
      let (height, width) = (extents[0], extents[1])
      let scores = Small.scores(scene.grid, labels: labels)
      let dilations = [1, 3]
      let filtered = try AffinityRefinement(form, dilations: dilations, iterations: 2).filter(
        scores, over: scene, parallelism: Parallelism(threads: 2))
      var ring: [(Int, Int)] = []
      for d in dilations {
        for dy in -1...1 {
          for dx in -1...1 where dy != 0 || dx != 0 { ring.append((dy * d, dx * d)) }
        }
      }
      let expected = means(scores, scene.grid, rounds: 2) { point in
        let (y, x) = point.quotientAndRemainder(dividingBy: width)
        guard counts(point) else { return [(point, 1)] }
        let places = ring.map { step -> Int in
          let row = min(max(y + step.0, 0), height - 1)
          return row * width + min(max(x + step.1, 0), width - 1)
        }
        let others = places.filter(counts)
        var exponents = [Double](repeating: 0, count: others.count)
        for c in 0..<channels {
          let own = Double(image[point, c]) / 255
          let values = others.map { Double(image[$0, c]) / 255 }
          let centres = form == .pamr ? [own, own] : []
          let s = spread(values + centres)
          for (k, value) in values.enumerated() {
            let squared = (value - own) / (s + 1e-8) / 0.3
            let ratio = form == .pamr ? abs(value - own) / (1e-8 + 0.1 * s) : squared * squared
            exponents[k] -= ratio / Double(channels)
          }
        }
        var weights = softmax(exponents)
        if form == .par {
          let distances = ring.map { Double($0.0 * $0.0 + $0.1 * $0.1).squareRoot() }
          let s = spread(distances)
          // All of it goes to the neighbours that count.
          let extra = softmax(distances.map { -pow($0 / s / 0.3, 2) })
          let kept = zip(places, extra).filter { counts($0.0) }.map(\.1)
          for k in weights.indices { weights[k] += 0.01 * kept[k] / kept.reduce(0, +) }
        }
        return zip(others, weights).map { ($0, $1) }
      }
      // Weights in float32 from exponents in float64.
      #expect(largestDifference(filtered.rows(), expected) < 2e-6, "\(channels), \(labels)")
    }
  }

  @Test(arguments: [
    ([13, 21], false), ([1, 30], false), ([30, 1], false), ([4, 3], false), ([13, 21], true),
  ])
  func jointBilateralIsTheDefinition(shape: (extents: [Int], isMasked: Bool)) throws {
    let extents = shape.extents
    for (channels, labels) in [(1, 2), (3, 9)] {
      let scene = try masked(Small.scene(extents, channels: channels), shape.isMasked)
      let image = try #require(scene.image)
      func counts(_ point: Int) -> Bool { scene.mask?.isCounted[point] ?? true }
      let scores = Small.scores(scene.grid, labels: labels)
      let filtered = try JointBilateral(sigmaSpatial: 2, sigmaColor: 25).filter(
        scores, over: scene, parallelism: Parallelism(threads: 2))
      func mirrored(_ place: Int, _ extent: Int) -> Int {
        var place = place
        while place < 0 || place >= extent {
          guard extent > 1 else { return 0 }
          place = place < 0 ? -place : 2 * (extent - 1) - place
        }
        return place
      }
      let expected = means(scores, scene.grid, rounds: 1) { point in
        let (y, x) = point.quotientAndRemainder(dividingBy: extents[1])
        guard counts(point) else { return [(point, 1)] }
        var weighted: [(point: Int, weight: Double)] = []
        for dy in -3...3 {
          for dx in -3...3 where dy * dy + dx * dx <= 9 {
            let row = mirrored(y + dy, extents[0])
            let other = row * extents[1] + mirrored(x + dx, extents[1])
            guard counts(other) else { continue }
            var distance = 0.0
            for c in 0..<channels {
              distance += abs(Double(image[point, c]) - Double(image[other, c]))
            }
            let color = distance * distance / (2 * 25 * 25)
            weighted.append((other, exp(-color - Double(dy * dy + dx * dx) / 8)))
          }
        }
        let sum = weighted.reduce(0) { $0 + $1.weight }
        return weighted.map { ($0.point, $0.weight / sum) }
      }
      // float32 weights and sums of 29 of them.
      #expect(largestDifference(filtered.rows(), expected) < 1e-6)
    }
  }

  @Test func keepTheirPromises() throws {
    for scene in try [Small.scene([19, 26]), Small.flat([9, 14])] {
      try expectPromises(AffinityRefinement(.pamr, dilations: [1, 2], iterations: 3), over: scene)
      try expectPromises(
        AffinityRefinement(.par, dilations: [1, 2], iterations: 3), over: scene, keepsSums: false)
      try expectPromises(JointBilateral(sigmaSpatial: 2, sigmaColor: 20), over: scene)
    }
  }

  @Test func volumesAreRefused() throws {
    let scene = try Small.scene([3, 4, 5])
    for filter in [
      AffinityRefinement(.pamr) as any ScoreFilter, JointBilateral(sigmaSpatial: 2, sigmaColor: 9),
    ] {
      #expect(throws: InputError.self) {
        try filter.filter(Small.scores(scene.grid), over: scene, parallelism: .serial)
      }
    }
  }
}
