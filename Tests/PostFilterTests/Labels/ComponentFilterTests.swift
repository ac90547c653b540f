import LatticeSupport
import PostFilters
import Testing
import Unaries

/// What filters of components promise, against flooding on maps of a few points.
struct ComponentFilterTests {
  static let maps = LabelMap.examples

  private func order(_ neighbours: Int?) -> Int {
    neighbours.flatMap { [4: 1, 8: 2, 6: 1, 18: 2, 26: 3][$0] } ?? 1
  }

  private func connectivities(_ map: LabelMap) -> [Int?] {
    map.grid.rank == 2 ? [nil, 4, 8] : [nil, 6, 18, 26]
  }

  @Test(arguments: maps, [1, 2, 4])
  func smallComponentsBecomeVoid(map: LabelMap, minimum: Int) throws {
    for neighbours in connectivities(map) {
      let filter = SmallComponents(
        below: LabelNumbers([0: minimum, 1: 2 * minimum]),
        connectivity: Connectivity(neighbours: neighbours))
      var expected = map
      for points in NaiveComponents(map, order: order(neighbours), void: 255).points {
        let label = map.labels[points[0]]
        if label <= 1, points.count < (label == 0 ? minimum : 2 * minimum) {
          for point in points { expected.labels[point] = 255 }
        }
      }
      let found = try filter.filter(map)
      #expect(found == expected)
      #expect(try filter.filter(found) == found)
      #expect(try filter.filter(map, threads: 1) == found)
    }
  }

  @Test func onlyTheClassesThatAreAskedForLeave() throws {
    let map = try LabelMap(grid: GridShape(width: 5, height: 1), labels: [0, 1, 0, 2, 0])
    let filter = SmallComponents(below: LabelNumbers(2), of: LabelNumbers(labels: [1, 2]))
    #expect(try filter.filter(map).labels == [0, 255, 0, 255, 0])
  }

  @Test func theLargestNeighbourByHand() throws {
    // Two 0s and a 2 on the left, four 1s on the right: the 2 touches both.
    let map = try LabelMap(
      grid: GridShape(width: 7, height: 1), labels: [0, 0, 2, 1, 1, 1, 1])
    let filter = SmallComponents(below: LabelNumbers(2), replacing: .neighbour)
    #expect(try filter.filter(map).labels == [0, 0, 1, 1, 1, 1, 1])
    // Of equal neighbours the first one that is met.
    let even = try LabelMap(grid: GridShape(width: 5, height: 1), labels: [0, 0, 2, 1, 1])
    #expect(try filter.filter(even).labels == [0, 0, 0, 1, 1])
    // Small ones in a row: labels are handed on, round by round; void is no neighbour.
    let row = try LabelMap(
      grid: GridShape(width: 8, height: 1), labels: [0, 0, 2, 3, 4, 255, 2, 3])
    #expect(try filter.filter(row).labels == [0, 0, 0, 0, 0, 255, 2, 3])
  }

  /// Nothing that is small remains beside what stays.
  @Test(arguments: maps, [2, 3, 5])
  func neighboursLeaveNothingSmall(map: LabelMap, minimum: Int) throws {
    for neighbours in connectivities(map) {
      let filter = SmallComponents(
        below: LabelNumbers(minimum), connectivity: Connectivity(neighbours: neighbours),
        replacing: .neighbour)
      let found = try filter.filter(map)
      #expect(try filter.filter(found) == found)
      #expect(try filter.filter(map, threads: 1) == found)
      let before = NaiveComponents(map, order: order(neighbours), void: 255)
      let after = NaiveComponents(found, order: order(neighbours), void: 255)
      for points in before.points where points.count >= minimum {
        #expect(points.allSatisfy { found.labels[$0] == map.labels[$0] })
      }
      for points in after.points where points.count < minimum {
        let beside = Set(points.flatMap { after.neighbours(of: $0) }).subtracting(points)
        #expect(
          beside.allSatisfy { point in
            found.labels[point] == 255
              || after.points[after.numbers[point] - 1].count < minimum
          })
      }
      #expect(zip(map.labels, found.labels).allSatisfy { ($0 == 255) == ($1 == 255) })
    }
  }

  @Test func theLikeliestOtherLabelByHand() throws {
    let grid = GridShape(width: 3, height: 1)
    let map = try LabelMap(grid: grid, labels: [0, 1, 0])
    // At the middle 1 is likeliest, then 2.
    let marginals = try Marginals(
      grid: grid,
      values: ChannelField(
        points: 3, channels: 3, rows: [0.8, 0.1, 0.1, 0.1, 0.6, 0.3, 0.8, 0.1, 0.1]))
    let filter = SmallComponents(
      below: LabelNumbers([1: 2]), replacing: .likeliest)
    let found = try filter.filter(
      map, marginals, over: Scene(grid: grid), parallelism: .serial)
    #expect(found.labels == [0, 2, 0])
  }

  @Test(arguments: maps, [1, 2])
  func theLargestStay(map: LabelMap, count: Int) throws {
    for neighbours in connectivities(map) {
      let naive = NaiveComponents(map, order: order(neighbours), void: 255)
      var expected = map
      for label in Set(map.labels) where label != 255 {
        let ranked = naive.points.enumerated().filter { map.labels[$1[0]] == label }
          .sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }
        for (_, points) in ranked.dropFirst(count) {
          for point in points { expected.labels[point] = 255 }
        }
      }
      let filter = LargestComponents(
        count, connectivity: Connectivity(neighbours: neighbours))
      #expect(try filter.filter(map) == expected)
      #expect(try filter.filter(map, threads: 1) == expected)
      #expect(try filter.filter(expected) == expected)
    }
  }

  @Test(arguments: maps, [nil, 1, 3])
  func holesAreWhatALabelEncloses(map: LabelMap, most: Int?) throws {
    for neighbours in connectivities(map) {
      for fillsOpen in [false, true] where most != nil || !fillsOpen {
        var expected = map
        for label in Set(map.labels).sorted() where label != 255 {
          var background = expected
          background.labels = expected.labels.map { $0 == label ? 1 : 0 }
          let naive = NaiveComponents(background, order: order(neighbours), void: 1)
          for points in naive.points
          where points.count <= most ?? .max && (fillsOpen || !naive.isAtBorder(points)) {
            for point in points { expected.labels[point] = label }
          }
        }
        let filter = Holes(
          upTo: most, connectivity: Connectivity(neighbours: neighbours), fillsOpen: fillsOpen)
        let found = try filter.filter(map)
        #expect(found == expected)
        #expect(try filter.filter(map, threads: 1) == found)
      }
    }
  }

  /// Once filled, a label has no holes; and a larger limit fills more.
  @Test(arguments: maps)
  func holesOfOneLabel(map: LabelMap) throws {
    let classes = LabelNumbers(labels: [1])
    let filled = try [1, 2, 5, nil].map { try Holes(of: classes, upTo: $0).filter(map) }
    for (less, more) in zip(filled, filled.dropFirst()) {
      #expect(zip(less.labels, more.labels).allSatisfy { $0 != 1 || $1 == 1 })
    }
    #expect(try Holes(of: classes).filter(filled[3]) == filled[3])
    #expect(
      zip(map.labels, filled[3].labels).allSatisfy { $1 == 1 || $0 == $1 })
  }

  @Test func sievesByHand() throws {
    // The 2 joins the four 1s; nothing is left alone by void.
    let map = try LabelMap(
      grid: GridShape(width: 4, height: 3), labels: [1, 1, 0, 0, 1, 2, 0, 0, 1, 1, 0, 255])
    #expect(
      try Sieve(below: 2).filter(map).labels == [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 255])
    // Two that are each other's largest neighbour run in a circle.
    let pair = try LabelMap(grid: GridShape(width: 2, height: 1), labels: [3, 4])
    #expect(try Sieve(below: 2).filter(pair) == pair)
    // A chain: 4 joins 3's target, as in GDAL.
    let chain = try LabelMap(
      grid: GridShape(width: 6, height: 1), labels: [1, 1, 1, 3, 3, 4])
    #expect(try Sieve(below: 3).filter(chain).labels == [1, 1, 1, 1, 1, 1])
  }

  @Test(arguments: maps, [2, 4])
  func sievesDoNotDependOnThreadsAndInventNothing(map: LabelMap, minimum: Int) throws {
    for neighbours in connectivities(map) {
      let filter = Sieve(below: minimum, connectivity: Connectivity(neighbours: neighbours))
      let found = try filter.filter(map)
      #expect(try filter.filter(map, threads: 1) == found)
      #expect(Set(found.labels).isSubset(of: map.labels))
      for points in NaiveComponents(map, order: order(neighbours), void: 255).points
      where points.count >= minimum {
        #expect(points.allSatisfy { found.labels[$0] == map.labels[$0] })
      }
    }
  }

  /// Large maps are gone through in two halves. Copies of a small map with void between them, of
  /// which one lies across the middle, come out as the small one does.
  @Test(arguments: [4, 8])
  func halvesMeetAsTheWhole(neighbours: Int) throws {
    let (width, height, copies) = (1024, 37, 17)
    let map = LabelMap.random([height, width], labels: 3, seed: 21)
    let void = [UInt16](repeating: 255, count: width)
    let whole = try LabelMap(
      grid: GridShape(width: width, height: copies * (height + 1)),
      labels: (0..<copies).flatMap { _ in map.labels + void })
    let connectivity = Connectivity(neighbours: neighbours)
    let filters: [any LabelFilter] = [
      Sieve(below: 9, connectivity: connectivity),
      SmallComponents(
        below: LabelNumbers(9), connectivity: connectivity, replacing: .neighbour),
    ]
    for filter in filters {
      let expected = try filter.filter(map).labels + void
      for threads in [1, 2] {
        let found = try filter.filter(whole, threads: threads).labels
        for copy in 0..<copies {
          #expect(found[copy * expected.count..<(copy + 1) * expected.count] == expected[...])
        }
      }
    }
  }
}
