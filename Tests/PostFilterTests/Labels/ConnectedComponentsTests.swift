import LatticeSupport
import PostFilters
import Testing
import Unaries

/// Components against flooding, and by hand.
struct ConnectedComponentsTests {
  /// Shapes with one and several words a row, thin ones, and with more bands than one.
  static let shapes: [[Int]] = [
    [1, 1], [1, 70], [70, 1], [9, 7], [5, 64], [4, 65], [3, 130], [2, 1, 9], [1, 1, 5], [4, 5, 6],
    [2, 3, 66], [12],
  ]

  @Test(arguments: shapes, [2, 3])
  func numbersAreThoseOfFlooding(shape: [Int], count: Int) throws {
    let orders = [1: [nil], 2: [4, 8, nil], 3: [6, 18, 26, nil]]
    for neighbours in try #require(orders[shape.count]) {
      let order = [4: 1, 8: 2, 6: 1, 18: 2, 26: 3][neighbours ?? 4] ?? 1
      for void in [nil, UInt16(1), UInt16(255)] {
        let map = LabelMap.random(shape, labels: count, void: void, seed: 5)
        let naive = NaiveComponents(map, order: order, void: void)
        for threads in [1, 2, 5] {
          let found = try ConnectedComponents(
            of: map, connectivity: Connectivity(neighbours: neighbours), ignoring: void,
            parallelism: Parallelism(threads: threads))
          #expect(found.numbers().map(Int.init) == naive.numbers)
          #expect(found.count == naive.points.count)
          #expect(Array(found.sizes.dropFirst()) == naive.points.map(\.count))
          #expect(found.sizes[0] == naive.numbers.count { $0 == 0 })
          #expect(Array(found.labels.dropFirst()) == naive.points.map { map.labels[$0[0]] })
        }
      }
    }
  }

  /// Large enough for several bands, which flooding is too slow for: a spiral goes through all of
  /// them, and is one component whatever the threads.
  @Test func bandsAreJoinedAtTheirSeams() throws {
    let side = 1100
    var labels = [UInt16](repeating: 0, count: side * side)
    // Rings of one point, joined at alternate ends into one line from outside to inside.
    for row in 0..<side {
      for column in 0..<side where row % 2 == 0 || column == (row % 4 == 1 ? side - 1 : 0) {
        labels[row * side + column] = 1
      }
    }
    let map = try LabelMap(grid: GridShape(width: side, height: side), labels: labels)
    let found = try ConnectedComponents(of: map, parallelism: Parallelism(threads: 3))
    #expect(found.count == 1 + side / 2)
    #expect(found.sizes[1] == labels.count { $0 == 1 })
    #expect(found.sizes.dropFirst(2).allSatisfy { $0 == side - 1 })
  }

  /// Volumes are cut into bands of slices.
  @Test(arguments: [6, 18, 26])
  func volumesDoNotDependOnThreads(neighbours: Int) throws {
    let map = LabelMap.random([40, 64, 66], labels: 2, seed: 8)
    let found = try [1, 2, 4].map { threads in
      try ConnectedComponents(
        of: map, connectivity: Connectivity(neighbours: neighbours), ignoring: nil,
        parallelism: Parallelism(threads: threads)
      ).numbers()
    }
    #expect(found[0] == found[1] && found[0] == found[2])
    // Neighbours of equal label have equal numbers.
    for point in 0..<map.grid.count - 66 * 64 where map.labels[point] == map.labels[point + 66 * 64]
    {
      #expect(found[0][point] == found[0][point + 66 * 64])
    }
  }

  @Test func extentsByHand() throws {
    // 1 1 . 2
    // . 1 . 2
    let map = try LabelMap(
      grid: GridShape(width: 4, height: 2), labels: [1, 1, 255, 2, 255, 1, 255, 2])
    let extents = try ConnectedComponents(of: map).extents()
    #expect(extents.map(\.box) == [[0..<2, 0..<2], [0..<2, 3..<4]])
    #expect(extents.map(\.centroid) == [[1.0 / 3, 2.0 / 3], [0.5, 3]])
  }

  @Test func cornersOfVolumesAreNotThoseOfImages() throws {
    let map = LabelMap.random([3, 3], labels: 2, seed: 1)
    let error = try #require(throws: InputError.self) {
      try ConnectedComponents(of: map, connectivity: Connectivity(neighbours: 26))
    }
    #expect(error.problem.contains("26"))
  }
}
