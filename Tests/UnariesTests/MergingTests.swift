import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Merged scores and blended tiles, against the definitions and by hand.
struct MergingTests {
  /// Energies that are known.
  private struct Known: Unary {
    let field: EnergyField
    var labelCount: Int { field.labelCount }
    func energies(for scene: Scene) -> EnergyField { field }

    /// Of probabilities, exactly: a label of probability 0 is ruled out.
    init(_ probabilities: [Float], labels: Int, grid: GridShape) throws {
      field = try EnergyField(
        grid: grid, labelCount: labels, planes: probabilities.map { -log($0) })
    }
  }

  private func merged(
    _ maps: [[Float]], labels: Int, by rule: EnsembleUnary.Rule, weights: [Float]? = nil,
    grid: GridShape
  ) throws -> [Float] {
    let members = try maps.map { try Known($0, labels: labels, grid: grid) }
    let energies = try EnsembleUnary(
      members, by: rule, weights: weights, minimumProbability: 1e-30
    ).energies(for: Scene(grid: grid))
    return energies.values.planes().map { exp(-$0) }
  }

  /// What 0.2, 0.5, 0.3 and 0.6, 0.4, 0 are merged to. The geometric means are √0.12, √0.2 and
  /// √(0.3 · 10⁻¹⁰), and their sum 0.79363.
  private static let byHand: [EnsembleUnary.Rule: [Float]] = [
    .mean: [0.4, 0.45, 0.15],
    .geometricMean: [0.34641 / 0.79363, 0.447214 / 0.79363, 5.477e-6 / 0.79363],
    .maximum: [0.6 / 1.4, 0.5 / 1.4, 0.3 / 1.4],
  ]

  @Test(arguments: EnsembleUnary.Rule.allCases)
  func rulesByHand(rule: EnsembleUnary.Rule) throws {
    let expected = try #require(Self.byHand[rule])
    let found = try merged(
      [[0.2, 0.5, 0.3], [0.6, 0.4, 0]], labels: 3, by: rule,
      grid: GridShape(width: 1, height: 1))
    // Five digits of the numbers above.
    for (value, wanted) in zip(found, expected) { #expect(abs(value - wanted) < 1e-5) }
  }

  @Test(arguments: EnsembleUnary.Rule.allCases)
  func oneMemberIsItself(rule: EnsembleUnary.Rule) throws {
    let found = try merged([[0.2, 0.5, 0.3]], labels: 3, by: rule, grid: GridShape([1]))
    // A few roundings of logarithms of size 2.
    for (value, wanted) in zip(found, [0.2, 0.5, 0.3] as [Float]) {
      #expect(abs(value - wanted) < 1e-6)
    }
  }

  @Test func aWeightOfZeroLeavesAMemberOut() throws {
    let maps: [[Float]] = [[0.2, 0.8], [0.7, 0.3]]
    for rule in [EnsembleUnary.Rule.mean, .geometricMean] {
      let found = try merged(
        maps, labels: 2, by: rule, weights: [0, 3], grid: GridShape([1]))
      for (value, wanted) in zip(found, maps[1]) { #expect(abs(value - wanted) < 1e-6) }
    }
  }

  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: ["mean", "gmean", "max", "mean_weighted", "gmean_weighted"])
  func goldenRules(run: String) throws {
    let maps = try NPY.read(Shared.fixture("post/merge_scores/maps.npy"))
    let expected = try NPY.read(Shared.fixture("post/merge_scores/\(run).npy"))
    let (labels, height, width) = (maps.shape[1], maps.shape[2], maps.shape[3])
    let size = labels * height * width
    let rule: EnsembleUnary.Rule =
      run.hasPrefix("mean") ? .mean : run.hasPrefix("gmean") ? .geometricMean : .maximum
    let found = try merged(
      (0..<maps.shape[0]).map { Array(maps.values[$0 * size..<($0 + 1) * size]) }, labels: labels,
      by: rule, weights: run.hasSuffix("weighted") ? [0.5, 0.3, 0.2] : nil,
      grid: GridShape(width: width, height: height))
    // The case's tolerance, of float32 logarithms and sums of three maps, and as much for going
    // there and back through energies.
    let largest = zip(found, expected.values).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest < 4e-6)
  }

  @Test func tilesByHand() throws {
    // Windows of two are ½, ½; of four about 0.15, 0.85, 0.85, 0.15.
    var blend = BlendedTiles(grid: GridShape(width: 3, height: 1), labelCount: 1)
    #expect(throws: InputError.self) { try blend.scores() }
    try blend.add(
      ChannelField(points: 2, channels: 1, rows: [1, 2]),
      over: GridRegion(rows: 0..<1, columns: 0..<2))
    let error = try #require(throws: InputError.self) { try blend.scores() }
    #expect(error.problem.contains("row 0, column 2"))
    try blend.add(
      ChannelField(points: 2, channels: 1, rows: [4, 5]),
      over: GridRegion(rows: 0..<1, columns: 1..<3))
    #expect(try blend.scores().rows() == [1, 3, 5])
    let short = ChannelField(points: 1, channels: 1)
    #expect(throws: InputError.self) {
      try blend.add(short, over: GridRegion(rows: 0..<1, columns: 0..<2))
    }
  }

  /// What all tiles agree on is what comes out, wherever they lie.
  @Test func tilesThatAgreeAreTheWhole() throws {
    let grid = GridShape(width: 41, height: 29)
    var generator = SeededGenerator(seed: 3)
    let whole = ChannelField(
      points: grid.count, channels: 3, rows: (0..<3 * grid.count).map { _ in generator.uniform() })
    let results = try [1, 3].map { threads in
      var blend = BlendedTiles(grid: grid, labelCount: 3)
      for rows in BlendedTiles.spans(of: 29, size: 12, stride: 7) {
        for columns in BlendedTiles.spans(of: 41, size: 16, stride: 9) {
          let region = GridRegion(rows: rows, columns: columns)
          let part = GridRegion(allOf: grid).cut(region, from: whole.rows(), channels: 3)
          try blend.add(
            ChannelField(points: region.grid.count, channels: 3, rows: part), over: region,
            parallelism: Parallelism(threads: threads))
        }
      }
      return try blend.scores(parallelism: Parallelism(threads: threads)).rows()
    }
    #expect(results[0] == results[1])
    // Means of equal numbers: a rounding for each tile.
    for (found, given) in zip(results[0], whole.rows()) { #expect(abs(found - given) < 1e-6) }
  }

  @Test func spansByHand() {
    #expect(BlendedTiles.spans(of: 10, size: 4, stride: 3) == [0..<4, 3..<7, 6..<10])
    #expect(BlendedTiles.spans(of: 11, size: 4, stride: 3) == [0..<4, 3..<7, 6..<10, 7..<11])
    #expect(BlendedTiles.spans(of: 3, size: 4, stride: 2) == [0..<3])
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence), arguments: ["even", "wide", "one"])
  func goldenTiles(run: String) throws {
    let tiles = try NPY.read(Shared.fixture("post/blend_tiles/\(run)_tiles.npy"))
    let expected = try NPY.read(Shared.fixture("post/blend_tiles/\(run).npy"))
    let json = try AnyJSON.read(Shared.fixture("post/blend_tiles/case.json"))
    let parameters = try #require(
      json["runs"].elements.first { $0["id"].string == run })["parameters"]
    let grid = GridShape(width: expected.shape[2], height: expected.shape[1])
    var blend = BlendedTiles(grid: grid, labelCount: expected.shape[0])
    let size = tiles.shape.dropFirst().reduce(1, *)
    func spans(_ axis: Int, _ length: Int) -> [Range<Int>] {
      BlendedTiles.spans(
        of: length, size: Int(parameters["tile"].numbers[axis]),
        stride: Int(parameters["stride"].numbers[axis]))
    }
    let regions = spans(0, grid.height).flatMap { rows in
      spans(1, grid.width).map { GridRegion(rows: rows, columns: $0) }
    }
    #expect(
      regions.map { [$0.rows.lowerBound, $0.columns.lowerBound].map(Double.init) }
        == parameters["starts"].elements.map(\.numbers))
    for (index, region) in regions.enumerated() {
      try blend.add(
        ChannelField(
          points: region.grid.count, channels: tiles.shape[1],
          planes: Array(tiles.values[index * size..<(index + 1) * size])), over: region)
    }
    // The case's tolerance: float32 sums of at most nine tiles.
    let found = try blend.scores().planes()
    let largest = zip(found, expected.values).map { abs($0 - $1) }.max() ?? .infinity
    #expect(largest < 2e-6)
  }
}
