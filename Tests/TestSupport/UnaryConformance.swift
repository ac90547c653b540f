import LatticeSupport
import Testing
import Unaries

/// Checks what the `Unary` protocol promises, for any conformer.
///
/// - Parameters:
///   - make: makes the unary, using as many threads as it is told.
///   - scene: a scene that the unary can score.
///   - hasFixedSize: whether scenes of other proportions must be refused; not so for networks.
package func checkUnary(
  _ make: (Parallelism) throws -> any Unary, scene: Scene, hasFixedSize: Bool = true,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let unary = try make(.serial)
  let energies = try unary.energies(for: scene)
  #expect(energies.grid == scene.grid, sourceLocation: sourceLocation)
  #expect(energies.labelCount == unary.labelCount, sourceLocation: sourceLocation)
  #expect(unary.labelCount >= 1, sourceLocation: sourceLocation)
  let values = energies.values.rows()
  #expect(values.count == scene.grid.count * unary.labelCount, sourceLocation: sourceLocation)
  #expect(values.allSatisfy { $0.isFinite }, sourceLocation: sourceLocation)
  checkPadding(energies, sourceLocation: sourceLocation)

  let again = try unary.energies(for: scene).values.rows()
  #expect(again == values, "asked twice", sourceLocation: sourceLocation)
  for threads in [2, 5] {
    let parallel = try make(Parallelism(threads: threads)).energies(for: scene).values.rows()
    #expect(parallel == values, "\(threads) threads", sourceLocation: sourceLocation)
  }

  guard hasFixedSize else { return }
  for grid in try unfittingGrids(for: scene.grid) {
    let error = #expect(throws: InputError.self, "\(grid)", sourceLocation: sourceLocation) {
      try unary.energies(for: Scene(grid: grid))
    }
    let text = error?.description ?? ""
    #expect(text.contains("\(grid)"), "\(text)", sourceLocation: sourceLocation)
  }
}

/// Labels that do not exist must not attract anything, whatever the width of a vector.
private func checkPadding(_ energies: EnergyField, sourceLocation: SourceLocation) {
  let values = energies.values
  let isPadded = (0..<values.points).allSatisfy { point in
    (values.channels..<values.stride).allSatisfy { lane in
      values.base[point * values.stride + lane] == EnergyField.paddingEnergy
    }
  }
  #expect(isPadded, sourceLocation: sourceLocation)
}

/// Grids that are neither `grid` nor a finer one of its proportions.
private func unfittingGrids(for grid: GridShape) throws -> [GridShape] {
  var stretched = grid.extents
  stretched[0] *= 3
  var extended = grid.extents
  extended.insert(2, at: 0)
  return try [GridShape(extended)] + (grid.rank > 1 ? [GridShape(stretched)] : [])
}
