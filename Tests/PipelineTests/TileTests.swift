import Lattice
import LatticeSupport
import Testing
import Unaries

import MeanField
import Pipeline

/// Tiles of a scene against the scene itself.
@Suite struct TileTests {
  private static let grid = GridShape(width: 96, height: 80)
  private static let tile = GridRegion(rows: 20..<80, columns: 24..<96)

  private static let image: Image = {
    var generator = SeededGenerator(seed: 5)
    let rgb = (0..<grid.count).flatMap { point -> [UInt8] in
      let (y, x) = point.quotientAndRemainder(dividingBy: grid.width)
      let base = (x / 13 + y / 17) % 3 * 70 + 30
      return (0..<3).map { UInt8(base + 20 * $0 + Int(24 * generator.uniform())) }
    }
    return try! Image(grid: grid, channels: 3, pixels: .bytes(rgb))
  }()

  private static let energies: EnergyField = {
    var generator = SeededGenerator(seed: 6)
    let planes = (0..<3 * grid.count).map { _ in 2 * generator.uniform() }
    return try! EnergyField(grid: grid, labelCount: 3, planes: planes)
  }()

  private static let terms = [
    PairwiseTerm(SpatialGaussianKernel(sigma: 1.5), weight: 2),
    PairwiseTerm(BilateralKernel(spatialSigma: 4, colorSigma: 12), weight: 3),
  ]

  private static func marginals(
    _ region: GridRegion, origin: [Int], backend: any FilterBackend
  ) throws -> Marginals {
    let whole = GridRegion(allOf: grid)
    guard case .bytes(let rgb) = image.pixels else { throw InputError(.data, "no bytes") }
    let part = try Image(
      grid: region.grid, channels: 3, pixels: .bytes(whole.cut(region, from: rgb, channels: 3)))
    let rows = whole.cut(region, from: energies.values.rows(), channels: 3)
    let field = ChannelField(points: region.grid.count, channels: 3, rows: rows)
    return try DenseCRF(
      scene: Scene(grid: region.grid, image: part, origin: origin),
      unary: EnergyField(grid: region.grid, values: field), terms: terms, backend: backend
    ).marginals(iterations: 5)
  }

  /// The largest difference of a marginal on the tile's right and lower part, `margin` from where
  /// it is cut.
  private static func difference(
    margin: Int, origin: [Int], backend: any FilterBackend = .permutohedral(.compatible)
  ) throws -> Float {
    let whole = try marginals(GridRegion(allOf: grid), origin: [0, 0], backend: backend)
    let part = try marginals(tile, origin: origin, backend: backend)
    var largest: Float = 0
    for row in tile.rows.lowerBound + margin..<tile.rows.upperBound {
      for column in tile.columns.lowerBound + margin..<tile.columns.upperBound {
        for label in 0..<3 {
          let here = part.values[tile.point(row: row, column: column), label]
          largest = max(largest, abs(whole.values[row * grid.width + column, label] - here))
        }
      }
    }
    return largest
  }

  /// Nothing of the border reaches 36 pixels, nine bandwidths, in five updates: what is left is
  /// rounding, which a bandwidth's 1e-7 and five updates with weights of 5 amplify to about 1e-5.
  @Test func withItsOriginATileIsPartOfTheWhole() throws {
    #expect(try Self.difference(margin: 36, origin: [20, 24]) < 2e-5)
  }

  /// Without it the lattice lies elsewhere, and no margin helps.
  @Test func withoutItsOriginTheLatticeIsAnother() throws {
    #expect(try Self.difference(margin: 36, origin: [0, 0]) > 1e-3)
  }

  /// Each bandwidth of margin takes away most of the difference.
  @Test func theDifferenceFallsWithTheMargin() throws {
    let differences = try [0, 8, 16, 24].map { try Self.difference(margin: $0, origin: [20, 24]) }
    for (nearer, farther) in zip(differences, differences.dropFirst()) {
      #expect(farther < nearer / 2, "\(differences)")
    }
  }

  /// The same for the finer lattice, whose vertices repeat elsewhere, and far from the origin,
  /// where positions would lose digits.
  @Test func everyLatticeRepeats() throws {
    #expect(
      try Self.difference(
        margin: 36, origin: [20, 24], backend: .permutohedral(.accurate)) < 2e-4)
    #expect(try Self.difference(margin: 36, origin: [20, 24], backend: .grid) < 2e-4)
  }

  @Test func featuresFarFromTheOriginStayInReach() throws {
    let scene = Scene(grid: GridShape(width: 3, height: 2), image: nil, origin: [900_000, 800_001])
    let features = try SpatialGaussianKernel(sigma: 1).features(for: scene)
    for point in 0..<6 {
      for dimension in 0..<2 { #expect((0..<64).contains(features[point, dimension])) }
    }
    #expect(abs(features[1, 0] - features[0, 0] - 1) < 1e-5)
  }

  @Test func theMeterComparesTheLinesBesideSeams() throws {
    let grid = GridShape(width: 10, height: 6)
    let plan = TilePlan(grid, size: TileSize(width: 6, height: 6), overlap: 2)
    #expect(plan.columns == 2 && plan.rows == 1)
    var meter = SeamMeter(plan)
    for column in 0..<2 {
      let tile = plan.tile(row: 0, column: column)
      var values = ChannelField(points: tile.region.grid.count, channels: 2)
      for row in 0..<6 {
        for x in tile.region.columns {
          // Row 3 differs by 0.4, and so does its label; row 4 differs by 0.1 only.
          let shift: Float = column == 1 ? (row == 3 ? 0.4 : row == 4 ? 0.1 : 0) : 0
          let point = tile.region.point(row: row, column: x)
          values[point, 0] = 0.7 - shift
          values[point, 1] = 0.3 + shift
        }
      }
      meter.add(Marginals(unchecked: values, grid: tile.region.grid), row: 0, column: column)
    }
    let figures = meter.figures
    #expect(figures.pixels == 12)
    #expect(abs(figures.largestDifference - 0.4) < 1e-6)
    #expect(abs(figures.meanDifference - 0.5 / 6) < 1e-6)
    #expect(abs(figures.unlikeShare - 1.0 / 6) < 1e-12)
  }
}
