import LatticeSupport
import Unaries

/// Points that a scene leaves out, as if they did not exist.
extension Conformance {
  private static let promise = "what is left out has no influence"

  /// Every fifth point and the last ones, so that lines of all lengths remain.
  private static func mask(_ grid: GridShape) throws -> PointMask {
    try PointMask(
      grid: grid,
      isCounted: (0..<grid.count).map { $0 % 5 != 3 && 10 * $0 < 9 * grid.count })
  }

  /// The scene without some points, where its image is black or white.
  private static func masked(_ scene: Scene, _ mask: PointMask, isWhite: Bool) throws -> Scene {
    let image = try scene.image.map { image in
      func filled<Level>(_ values: [Level], _ level: Level) -> [Level] {
        values.indices.map { mask.isCounted[$0 / image.channels] ? values[$0] : level }
      }
      let pixels: Image.Pixels =
        switch image.pixels {
        case .bytes(let values): .bytes(filled(values, isWhite ? 255 : 0))
        case .floats(let values): .floats(filled(values, isWhite ? 255 : 0))
        }
      return try Image(grid: image.grid, channels: image.channels, pixels: pixels)
    }
    return Scene(grid: scene.grid, image: image, mask: mask)
  }

  /// Energies by which one label is sure of the points that are left out.
  private static func energies(
    _ energies: EnergyField, _ mask: PointMask, sureOf label: Int
  ) throws -> EnergyField {
    var values = energies.values
    for point in 0..<values.points where !mask.isCounted[point] {
      for other in 0..<values.channels { values[point, other] = other == label ? 0 : 9 }
    }
    return try EnergyField(grid: energies.grid, values: values)
  }

  /// Nothing is looked at where `refinement` does not promise it.
  static func checkLeftOut(
    of refinement: any Refinement, over scene: Scene, _ energies: EnergyField
  ) throws -> Report {
    var report = Report()
    guard refinement.leavesPointsOut else { return report }
    let mask = try mask(scene.grid)
    let found = try [false, true].map { isWhite in
      try refinement.refine(
        Self.energies(energies, mask, sureOf: isWhite ? 1 : 0),
        over: masked(scene, mask, isWhite: isWhite), RefinementRequest(parallelism: .serial)
      ).marginals.values.kept(mask).rows()
    }
    report.expectSame(found[0], found[1], promise)
    return report
  }

  /// Nothing is looked at where `filter` does not promise it.
  static func checkLeftOut(
    of filter: any LabelFilter, over scene: Scene, _ energies: EnergyField
  ) throws -> Report {
    var report = Report()
    guard let void = filter.leftOutLabel else { return report }
    let mask = try mask(scene.grid)
    let found = try [false, true].map { isWhite in
      let marginals = Marginals(
        unchecked: try Self.energies(energies, mask, sureOf: isWhite ? 1 : 0).probabilities(),
        grid: scene.grid)
      return try filter.filter(
        marginals.labels.marking(mask, as: void), marginals,
        over: masked(scene, mask, isWhite: isWhite), parallelism: .serial
      ).marking(mask, as: void)
    }
    report.expect(found[0] == found[1], promise)
    return report
  }
}
