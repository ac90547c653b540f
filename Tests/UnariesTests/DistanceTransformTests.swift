import LatticeSupport
import Testing
import Unaries

@Suite("Distance transform")
struct DistanceTransformTests {
  @Test(
    "distances are those to the nearest of all seeds, exactly",
    arguments: [[1, 1], [1, 40], [40, 1], [17, 23], [64, 48], [5, 7, 9], [200]],
    [0.004, 0.05, 0.6])
  func bruteForce(extents: [Int], density: Double) throws {
    let grid = try GridShape(extents)
    for seed in UInt64(0)..<5 {
      var generator = SeededGenerator(seed: seed)
      let seeds = (0..<grid.count).map { _ in Double(generator.uniform()) < density }
      let found = DistanceTransform.squaredDistances(to: seeds, on: grid)
      let places = (0..<grid.count).filter { seeds[$0] }.map(grid.coordinates)
      let expected = (0..<grid.count).map { point in
        let here = grid.coordinates(of: point)
        return places.map { place in
          zip(here, place).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }.min() ?? DistanceTransform.unreachable
      }
      #expect(found == expected, "seed \(seed)")
    }
  }

  @Test("without seeds every point is unreachable")
  func noSeeds() {
    let grid = GridShape(width: 3, height: 2)
    let found = DistanceTransform.squaredDistances(
      to: [Bool](repeating: false, count: 6), on: grid)
    #expect(found.allSatisfy { $0 == DistanceTransform.unreachable })
  }

  @Test("one seed in the corner of a large grid")
  func farCorner() {
    let grid = GridShape(width: 700, height: 500)
    var seeds = [Bool](repeating: false, count: grid.count)
    seeds[0] = true
    let found = DistanceTransform.squaredDistances(to: seeds, on: grid)
    #expect(found.last == 699 * 699 + 499 * 499)
  }
}
