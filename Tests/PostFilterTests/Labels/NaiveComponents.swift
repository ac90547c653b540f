import LatticeSupport
import Unaries

/// Components by flooding, point by point.
struct NaiveComponents {
  /// Of each point; 0 for void.
  private(set) var numbers: [Int]
  /// The points of each component, 1 first.
  private(set) var points: [[Int]] = []
  private let grid: GridShape
  private let order: Int

  /// - Parameter order: along how many axes at once neighbours may differ.
  init(_ map: LabelMap, order: Int, void: UInt16? = nil) {
    grid = map.grid
    self.order = order
    numbers = [Int](repeating: 0, count: grid.count)
    for start in 0..<grid.count where map.labels[start] != void && numbers[start] == 0 {
      var open = [start]
      var found: [Int] = []
      numbers[start] = points.count + 1
      while let point = open.popLast() {
        found.append(point)
        for other in neighbours(of: point)
        where numbers[other] == 0 && map.labels[other] == map.labels[point] {
          numbers[other] = points.count + 1
          open.append(other)
        }
      }
      points.append(found.sorted())
    }
  }

  func neighbours(of point: Int) -> [Int] {
    let place = grid.coordinates(of: point)
    return (0..<grid.count).filter { other in
      let steps = zip(place, grid.coordinates(of: other)).map { abs($0 - $1) }
      return other != point && steps.allSatisfy { $0 <= 1 } && steps.reduce(0, +) <= order
    }
  }

  func isAtBorder(_ component: [Int]) -> Bool {
    component.contains { point in
      zip(grid.coordinates(of: point), grid.extents).contains { $0 == 0 || $0 == $1 - 1 }
    }
  }
}

extension LabelMap {
  /// Images and volumes, thin ones and some of more than one word a row, with and without void.
  static let examples: [LabelMap] = [
    .random([9, 11], labels: 2, void: 255, seed: 1),
    .random([6, 70], labels: 3, void: 255, seed: 2),
    .random([1, 40], labels: 2, seed: 3), .random([40, 1], labels: 2, seed: 4),
    .random([4, 5, 6], labels: 2, void: 255, seed: 5), .random([7, 7], labels: 5, seed: 6),
  ]

  /// Labels below `count` at random, of which some are void.
  static func random(
    _ extents: [Int], labels count: Int, void: UInt16? = nil, seed: UInt64
  ) -> LabelMap {
    var generator = SeededGenerator(seed: seed)
    let grid = try! GridShape(extents)
    let labels = (0..<grid.count).map { _ in
      let number = Int(generator.uniform() * Float(count + (void == nil ? 0 : 1)))
      return number >= count ? void ?? 0 : UInt16(number)
    }
    return try! LabelMap(grid: grid, labels: labels)
  }
}
