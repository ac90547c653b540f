import Formats
import Foundation
import LatticeSupport
import Pipeline
import PostFilters
import TestSupport
import Testing
import Unaries

/// Post-filters against their definitions in float64 (`fixtures/post`), bit for bit where values
/// are only copied or counted.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct PostFilterGoldenTests {
  /// A refinement whose answer is known.
  private struct Known: Refinement {
    let marginals: Marginals
    var name: String { "known" }
    var reach: Reach { .steps(0) }

    func refine(
      _ energies: consuming EnergyField, over scene: Scene, _ request: RefinementRequest
    ) throws -> Refined { Refined(marginals) }
  }

  private func labels(_ path: String) throws -> LabelMap {
    try LabelFile.read(Shared.fixture("post/" + path))
  }

  @Test(arguments: [1, 1.5, 3, 8])
  func bandsKeepTheRefinementNearBoundaries(width: Double) throws {
    let text = width == width.rounded() ? "\(Int(width))" : "\(width)"
    let mask = try ImageFile.read(Shared.fixture("post/band/w\(text)_mask.png"))
    let map = try labels("band/labels.png")
    // Energies whose labels are those of the map, and a refinement that is easily told apart.
    var energies = ChannelField(points: map.grid.count, channels: 12)
    for point in 0..<map.grid.count {
      for label in 0..<12 where label != Int(map.labels[point]) { energies[point, label] = 9 }
    }
    let field = try EnergyField(grid: map.grid, values: energies)
    let known = Marginals(
      unchecked: ChannelField(
        points: map.grid.count, channels: 12,
        rows: [Float](repeating: 1 / 12, count: 12 * map.grid.count)), grid: map.grid)
    let refined = try Band(width: width, of: Known(marginals: known)).refine(
      field, over: Scene(grid: map.grid), RefinementRequest())
    let given = field.probabilities()
    for point in 0..<map.grid.count {
      let expected = mask[point, 0] > 0 ? known.values[point, 3] : given[point, 3]
      #expect(refined.marginals.values[point, 3] == expected, "point \(point)")
    }
  }
}

/// The same promises on a few points that can be counted by hand.
struct PostFilterTests {
  @Test func temperatureIsSoftmaxOfDividedEnergies() throws {
    let energies = try EnergyField(
      grid: GridShape([2]), labelCount: 2, planes: [0, .infinity, 1, 2])
    let refined = try Temperature(2).refine(
      energies, over: Scene(grid: energies.grid), RefinementRequest())
    let expected: [Float] = [1 / (1 + exp(-0.5)), 1 - 1 / (1 + exp(-0.5)), 0, 1]
    for (found, value) in zip(refined.marginals.values.rows(), expected) {
      #expect(abs(found - value) < 1e-6)
    }
  }

  @Test func aBandOfOneIsOnePointOnEitherSide() throws {
    let energies = try EnergyField(
      grid: GridShape([6]), labelCount: 2, planes: [0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0])
    let refined = try Band(width: 1, of: Temperature(1e9)).refine(
      energies, over: Scene(grid: energies.grid), RefinementRequest())
    let isHalf = (0..<6).map { abs(refined.marginals.values[$0, 0] - 0.5) < 1e-6 }
    #expect(isHalf == [false, false, true, true, false, false])
  }

  @Test func majoritiesKeepTiesAndVoid() throws {
    let grid = try GridShape([7])
    let map = try LabelMap(grid: grid, labels: [0, 1, 0, 0, 255, 1, 1])
    let found = try Majority(radius: 1).filter(
      map, Marginals(unchecked: ChannelField(points: 7, channels: 1), grid: grid),
      over: Scene(grid: grid), parallelism: .serial)
    #expect(found.labels == [0, 0, 0, 0, 255, 1, 1])
  }
}
