import LatticeSupport
import Pipeline
import PostFilters
import Testing
import Unaries

/// What label filters promise, against their definitions on maps of a few points.
struct LabelFilterTests {
  static let maps = LabelMap.examples

  @Test(arguments: maps, [1, 2, 3])
  func majoritiesAreCounted(map: LabelMap, radius: Int) throws {
    var expected = map
    for point in 0..<map.grid.count where map.labels[point] != 255 {
      let place = map.grid.coordinates(of: point)
      var counts: [UInt16: Int] = [:]
      for other in 0..<map.grid.count where map.labels[other] != 255 {
        let isNear = zip(place, map.grid.coordinates(of: other)).allSatisfy {
          abs($0 - $1) <= radius
        }
        if isNear { counts[map.labels[other], default: 0] += 1 }
      }
      let most = counts.values.max()
      let winners = counts.filter { $0.value == most }
      if winners.count == 1, let winner = winners.first { expected.labels[point] = winner.key }
    }
    for threads in [1, 2] {
      #expect(try Majority(radius: radius).filter(map, threads: threads) == expected)
    }
  }

  /// Many labels are counted in another way than few.
  @Test func majoritiesOfManyLabels() throws {
    var map = LabelMap.random([30, 40], labels: 7, void: 255, seed: 9)
    let few = try Majority(radius: 2).filter(map)
    // The same labels, far apart, beside many that occur once, in rows that are not looked at.
    let table = (0..<7).map { UInt16(1000 * $0 + 300) }
    let rows = 40 * 30
    map = try LabelMap(
      grid: GridShape(width: 40, height: 60),
      labels: map.labels.map { $0 == 255 ? 255 : table[Int($0)] }
        + [UInt16](repeating: 255, count: 3 * 40) + (0..<27 * 40).map { UInt16(20000 + $0) })
    let many = try Majority(radius: 2).filter(map)
    #expect(
      many.labels[..<rows].elementsEqual(few.labels.map { $0 == 255 ? 255 : table[Int($0)] }))
    // Where each label occurs once, every window is a tie.
    #expect(many.labels[(rows + 3 * 40)...] == map.labels[(rows + 3 * 40)...])
  }

  @Test(arguments: maps, [1, 2, 3])
  func openingAndClosingByDistances(map: LabelMap, radius: Int) throws {
    let grid = map.grid
    func dilated(_ set: [Bool]) -> [Bool] {
      (0..<grid.count).map { point in
        (0..<grid.count).contains { other in
          set[other]
            && zip(grid.coordinates(of: point), grid.coordinates(of: other))
              .reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } <= radius * radius
        }
      }
    }
    func eroded(_ set: [Bool]) -> [Bool] { dilated(set.map { !$0 }).map { !$0 } }
    var opened = map
    for label in Set(map.labels) where label != 255 {
      let set = map.labels.map { $0 == label }
      for (point, stays) in dilated(eroded(set)).enumerated() where set[point] && !stays {
        opened.labels[point] = 255
      }
    }
    var closed = map
    for label: UInt16 in [1, 0] {
      let set = eroded(dilated(closed.labels.map { $0 == label }))
      for (point, isSet) in set.enumerated() where isSet { closed.labels[point] = label }
    }
    for threads in [1, 2] {
      #expect(try Opening(radius: radius).filter(map, threads: threads) == opened)
      #expect(
        try Closing(radius: radius, of: LabelNumbers(labels: [1, 0]))
          .filter(map, threads: threads) == closed)
    }
    #expect(try Opening(radius: radius).filter(opened) == opened)
  }

  /// Wider than a word on either side.
  @Test func wideDiscs() throws {
    var labels = [UInt16](repeating: 0, count: 3 * 400)
    labels[400 + 200] = 1
    let map = try LabelMap(grid: GridShape(width: 400, height: 3), labels: labels)
    let closed = try Closing(radius: 150, of: LabelNumbers(labels: [1])).filter(map)
    // A dilation by 150 leaves 50 columns on either side; an erosion gives back what is that near.
    #expect(closed == map)
    let opened = try Opening(radius: 150, of: LabelNumbers(labels: [1])).filter(map)
    #expect(opened.labels[600] == 255 && opened.labels.count { $0 == 0 } == 3 * 400 - 1)
  }

  @Test func keptAndTranslatedByHand() throws {
    let map = try LabelMap(grid: GridShape(width: 6, height: 1), labels: [0, 1, 2, 3, 255, 9])
    #expect(
      try KeptLabels(LabelNumbers(labels: [1, 3])).filter(map).labels == [
        255, 1, 255, 3, 255, 255,
      ])
    let numbers = LabelNumbers([.init(1...2, number: 7), .init(3...3, number: 0)])
    #expect(
      try TranslatedLabels(numbers).filter(map).labels == [0, 7, 7, 0, 255, 9])
    #expect(
      try TranslatedLabels(numbers, others: 255).filter(map).labels == [255, 7, 7, 0, 255, 255])
    // Void stays in a range, and goes where it is listed.
    #expect(
      try TranslatedLabels(LabelNumbers(4)).filter(map).labels == [4, 4, 4, 4, 255, 4])
    #expect(
      try TranslatedLabels(LabelNumbers([255: 3])).filter(map).labels == [0, 1, 2, 3, 3, 9])
  }

  @Test func reachesAreBounded() throws {
    func reach(_ text: String) throws -> Reach { try PreparedPlan(Plan([text])).reach }
    #expect(try reach("components:minimum=64") == .steps(63))
    #expect(try reach("components:minimum=1:5+3:50,replace=likeliest") == .steps(49))
    #expect(try reach("components:minimum=1:5+3:50,classes=1") == .steps(4))
    #expect(try reach("components:minimum=64,replace=neighbour") == .everywhere)
    #expect(try reach("holes:classes=1+2,maximum=10") == .steps(20))
    #expect(try reach("holes:maximum=10") == .everywhere)
    #expect(try reach("holes:classes=1") == .everywhere)
    #expect(try reach("sieve:minimum=5") == .everywhere)
    #expect(try reach("largest") == .everywhere)
    #expect(try reach("open:radius=3") == .steps(6))
    #expect(try reach("close:radius=3,classes=1+4-5") == .steps(18))
  }

  /// Cutting a map along any line leaves what lies beyond the reach as it is in the whole.
  @Test(arguments: [
    "components:minimum=4", "holes:classes=1,maximum=3", "open:radius=1",
    "close:radius=1,classes=1",
    "holes:classes=0+1,maximum=2", "holes:classes=1,maximum=3,open=yes", "majority:radius=2",
  ])
  func whatIsOutOfReachDoesNotMatter(text: String) throws {
    let map = LabelMap.random([16, 30], labels: 2, seed: 12)
    let filter = try #require(try PreparedPlan(Plan([text])).labelFilters.first)
    guard case .steps(let reach) = filter.reach else { throw InputError(.data, "everywhere") }
    let whole = try filter.filter(map)
    for cut in 20...24 {
      let part = try LabelMap(
        grid: GridShape(width: cut, height: 16),
        labels: (0..<16).flatMap { row in map.labels[row * 30..<row * 30 + cut] })
      let found = try filter.filter(part)
      for row in 0..<16 {
        for column in 0..<cut - reach {
          #expect(
            found.labels[row * cut + column] == whole.labels[row * 30 + column],
            "\(row), \(column) of \(cut)")
        }
      }
    }
  }

  @Test(arguments: [
    ("components:minimum=64,connectivity=5", "connectivity"),
    ("components:minimum=0", "minimum"), ("components:minimum=1:5+1:6", "minimum"),
    ("components:minimum=1-0:5", "minimum"), ("keep:classes=1+1-3", "classes"),
    ("keep:classes=65536", "classes"), ("map:to=1:65536", "to"), ("holes:open=yes", "open"),
    ("largest:classes=", "classes"),
  ])
  func illSettingsAreRefused(text: String, key: String) throws {
    let error = try #require(throws: InputError.self) { try PreparedPlan(Plan([text])) }
    #expect(error.problem.contains("'\(key)'"), "\(error)")
  }

  @Test(arguments: [
    ("components:minimum=64", #"{"kind": "components", "minimum": 64}"#),
    (
      "components:minimum=1:5+3-4:50",
      #"{"kind": "components", "minimum": {"1": 5, "3-4": 50}}"#
    ),
    ("keep:classes=1+3-5", #"{"kind": "keep", "classes": [1, 3, 4, 5]}"#),
    ("map:to=0-9:1", #"{"kind": "map", "to": {"0-9": 1}}"#),
  ])
  func labelsInTextAndJSON(text: String, json: String) throws {
    let plan = try Plan([text])
    #expect(plan.steps[0].text == text)
    #expect(plan.steps[0].json.compactText == json)
    let again = try Plan(json: JSONValue(parsing: json))
    #expect(again.steps[0].json == plan.steps[0].json)
    #expect(again.steps[0].json.compactText == json)
  }
}
