import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// Points that a scene leaves out.
struct LeftOutPointTests {
  private static let grid = GridShape(width: 9, height: 7)
  private static let labelCount = 3
  private static let mask: PointMask = {
    // Every third point, and the last row: lines of all lengths.
    let isCounted = (0..<grid.count).map { $0 % 3 != 1 && $0 < 54 }
    return try! PointMask(grid: grid, isCounted: isCounted)
  }()

  private static func image(under value: UInt8) -> Image {
    var generator = SeededGenerator(seed: 3)
    let pixels = (0..<grid.count).flatMap { point -> [UInt8] in
      let color = (0..<3).map { _ in UInt8(255 * generator.uniform()) }
      return mask.isCounted[point] ? color : [value, value, value]
    }
    return try! Image(grid: grid, channels: 3, pixels: .bytes(pixels))
  }

  private static func energies(under value: Float) -> EnergyField {
    var generator = SeededGenerator(seed: 5)
    let rows = (0..<grid.count).flatMap { point -> [Float] in
      let row = (0..<labelCount).map { _ in 2 * generator.uniform() }
      return mask.isCounted[point] ? row : row.map { _ in value }
    }
    return try! EnergyField(
      grid: grid, values: ChannelField(points: grid.count, channels: labelCount, rows: rows))
  }

  private static func refined(
    _ model: CRFModel, pixels: UInt8 = 0, energies value: Float = 0
  ) throws -> [Float] {
    let scene = Scene(grid: grid, image: image(under: pixels), mask: mask)
    return try CRFRefinement(model).refine(
      energies(under: value), over: scene, RefinementRequest(parallelism: .serial)
    ).marginals.values.rows()
  }

  private static let model: CRFModel = {
    var model = CRFModel(terms: [
      try! CRFModel.Term("gaussian:weight=2,spatial=1.5"),
      try! CRFModel.Term("bilateral:weight=3,spatial=4,color=60"),
    ])
    model.iterations = 4
    return model
  }()

  /// As if they did not exist: a CRF of the features of the others alone gives the same bits.
  @Test func thePointsThatCountAreAllThereIs() throws {
    let found = try Self.refined(Self.model)
    let counted = Self.grid.count
    let (image, energies) = (Self.image(under: 0), Self.energies(under: 0))
    let points = (0..<counted).filter { Self.mask.isCounted[$0] }
    func position(_ point: Int, _ sigma: Float) -> [Float] {
      [Float(point % 9) / sigma, Float(point / 9) / sigma]
    }
    let near = points.flatMap { position($0, 1.5) }
    let alike = points.flatMap { point in
      position(point, 4) + (0..<3).map { image[point, $0] / 60 }
    }
    let grid = GridShape(width: points.count, height: 1)
    let rows = points.flatMap { point in (0..<3).map { energies.values[point, $0] } }
    let crf = try DenseCRF(
      scene: Scene(grid: grid),
      unary: EnergyField(
        grid: grid, values: ChannelField(points: points.count, channels: 3, rows: rows)),
      terms: [
        PairwiseTerm(FeatureKernel(rows: near, dimensions: 2), weight: 2),
        PairwiseTerm(FeatureKernel(rows: alike, dimensions: 5), weight: 3),
      ], parallelism: .serial)
    let expected = crf.marginals(iterations: 4).values.rows()
    for (row, point) in points.enumerated() {
      #expect(Array(found[3 * point..<3 * point + 3]) == Array(expected[3 * row..<3 * row + 3]))
    }
    for point in 0..<counted where !Self.mask.isCounted[point] {
      #expect(found[3 * point] == 1 / Float(3))
    }
  }

  @Test func whatStandsInThemDoesNotMatter() throws {
    let found = try Self.refined(Self.model)
    #expect(try Self.refined(Self.model, pixels: 255, energies: 7) == found)
  }

  @Test func aSceneOfNothingElseIsLeftAsItIs() throws {
    let none = try PointMask(
      grid: Self.grid, isCounted: [Bool](repeating: false, count: Self.grid.count))
    let scene = Scene(grid: Self.grid, image: Self.image(under: 0), mask: none)
    let refined = try CRFRefinement(Self.model).refine(
      Self.energies(under: 0), over: scene, RefinementRequest())
    #expect(refined.marginals.grid == Self.grid)
  }
}
