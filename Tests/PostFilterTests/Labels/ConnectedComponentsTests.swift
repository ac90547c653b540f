import LatticeSupport
import PostFilters
import Testing
import Unaries

/// Components against flooding, and by hand.
struct ConnectedComponentsTests {
  /// Shapes with one and several words a row, thin ones, and with more bands than one.
  static let shapes: [[Int]] = [
    [1, 1], [1, 70], [70, 1], [9, 7], [5, 64], [4, 65], [3, 130], [2, 1, 9], [1, 1, 5], [4, 5, 6],
    [2, 3, 66], [3, 3, 65], [12],
  ]

  /// Few labels make long components, many leave points that touch at single corners.
  @Test(arguments: shapes, [2, 3, 8])
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
  @Test(arguments: [6, 18, 26], [2, 8])
  func volumesAreJoinedAtTheirSeams(neighbours: Int, labels: Int) throws {
    let order = try #require([6: 1, 18: 2, 26: 3][neighbours])
    let (depth, height, width) = (40, 64, 66)
    let map = LabelMap.random([depth, height, width], labels: labels, seed: 8)
    let found = try [1, 2, 4].map { threads in
      try ConnectedComponents(
        of: map, connectivity: Connectivity(neighbours: neighbours), ignoring: nil,
        parallelism: Parallelism(threads: threads)
      ).numbers()
    }
    #expect(found[0] == found[1] && found[0] == found[2])
    // Two points have equal numbers where they have equal labels and touch.
    var parted = 0
    for z in 1..<depth {
      for y in 1..<height - 1 {
        for x in 1..<width - 1 {
          let point = (z * height + y) * width + x
          for step in 0..<9 {
            let (dy, dx) = (step / 3 - 1, step % 3 - 1)
            let other = point - width * height + dy * width + dx
            let touches = 1 + abs(dy) + abs(dx) <= order
            if touches && map.labels[point] == map.labels[other] {
              parted += found[0][point] == found[0][other] ? 0 : 1
            }
          }
        }
      }
    }
    #expect(parted == 0)
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
