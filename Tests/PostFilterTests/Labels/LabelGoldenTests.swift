import Formats
import LatticeSupport
import PostFilters
import TestSupport
import Testing
import Unaries

/// Label filters against their definitions and the programs that people know (`fixtures/post`):
/// whole numbers, so that every point must agree.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct LabelGoldenTests {
  @Test(arguments: LabelCase.all("components_2d") + LabelCase.all("components_3d"))
  func components(run: LabelCase) throws {
    let map = try run.labels()
    let void = try #require(run.count("void"))
    for threads in [1, 2] {
      let found = try ConnectedComponents(
        of: map, connectivity: run.connectivity, ignoring: UInt16(void),
        parallelism: Parallelism(threads: threads))
      let numbers = try run.expectedLabels("components")
      #expect(found.numbers(parallelism: .serial).map(Int.init) == numbers.labels.map(Int.init))
      #expect(try found.sizes == run.expectedArray("sizes").values.map { Int($0) })
    }
  }

  @Test(arguments: LabelCase.all("remove_small"))
  func smallComponents(run: LabelCase) throws {
    let map = try run.labels()
    var minimum = LabelNumbers(run.count("size") ?? 1)
    if run.count("size") == nil {
      let numbers = try [1, 3, 5, 8, 10].map { label in
        (UInt16(label), Int(try #require(run.parameters["size"]["\(label)"].number)))
      }
      minimum = LabelNumbers(Dictionary(uniqueKeysWithValues: numbers))
    }
    let isVoid = run.parameters["replace"].string == "void"
    let filter = SmallComponents(
      below: minimum, connectivity: run.connectivity, replacing: isVoid ? .void : .likeliest)
    var marginals = unseenMarginals(map.grid)
    if !isVoid {
      let scores = try run.array("scores")
      marginals = Marginals(
        unchecked: ChannelField(
          points: map.grid.count, channels: scores.shape[0], planes: scores.values, padding: 0),
        grid: map.grid)
    }
    let found = try filter.filter(
      map, marginals, over: Scene(grid: map.grid), parallelism: Parallelism(threads: 2))
    #expect(try found == run.expectedLabels())
  }

  @Test(arguments: LabelCase.all("sieve"))
  func sieves(run: LabelCase) throws {
    var map = try run.labels()
    let given = map
    // What a mask leaves out has a number that no label has.
    let masked: UInt16 = 999
    if run.parameters["mask"] == .bool(true) {
      for (point, value) in try run.labels("mask").labels.enumerated() where value == 0 {
        map.labels[point] = masked
      }
    }
    var found = try Sieve(
      below: #require(run.count("size")), connectivity: run.connectivity, ignoring: masked
    ).filter(map)
    for point in found.labels.indices where map.labels[point] == masked {
      #expect(found.labels[point] == masked)
      found.labels[point] = given.labels[point]
    }
    #expect(try found == run.expectedLabels())
  }

  @Test(arguments: LabelCase.all("keep_largest"))
  func largestComponents(run: LabelCase) throws {
    let filter = LargestComponents(
      try #require(run.count("k")), connectivity: run.connectivity, of: run.classes)
    #expect(try filter.filter(run.labels()) == run.expectedLabels())
  }

  @Test(arguments: LabelCase.all("fill_holes"))
  func holes(run: LabelCase) throws {
    let filter = Holes(
      of: run.classes, upTo: run.count("max_area"),
      connectivity: run.connectivity("background_connectivity"),
      fillsOpen: run.parameters["open_to_border"] == .bool(true))
    #expect(try filter.filter(run.labels()) == run.expectedLabels())
  }

  @Test(arguments: LabelCase.all("fill_holes_3d"))
  func holesOfVolumes(run: LabelCase) throws {
    let filter = Holes(
      of: LabelNumbers(labels: [1]), connectivity: run.connectivity("background_connectivity"))
    let isSet = { (map: LabelMap) in map.labels.map { $0 > 0 } }
    var mask = try run.labels("mask")
    mask.labels = mask.labels.map { $0 > 0 ? 1 : 0 }
    #expect(try isSet(filter.filter(mask)) == isSet(run.expectedLabels()))
  }

  @Test(arguments: LabelCase.all("majority"))
  func majorities(run: LabelCase) throws {
    let filter = Majority(radius: try #require(run.count("radius")))
    for threads in [1, 3] {
      #expect(try filter.filter(run.labels(), threads: threads) == run.expectedLabels())
    }
  }

  @Test(arguments: LabelCase.all("morphology"))
  func openedAndClosed(run: LabelCase) throws {
    let map = try run.labels()
    let radius = try #require(run.count("radius"))
    let label = UInt16(try #require(run.count("class")))
    let classes = LabelNumbers(labels: [label])
    let opened = try Opening(radius: radius, of: classes).filter(map)
    let closed = try Closing(radius: radius, of: classes).filter(map)
    #expect(try opened == run.expectedLabels("labels_opened"))
    #expect(try closed == run.expectedLabels("labels_closed"))
    let isLabel = { (map: LabelMap) in map.labels.map { $0 == label } }
    let isSet = { (name: String) in try run.expectedLabels(name).labels.map { $0 > 0 } }
    #expect(try isLabel(opened) == isSet("opened"))
    #expect(try isLabel(closed) == isSet("closed"))
  }
}
