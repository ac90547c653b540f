import LatticeSupport
import Unaries

/// Each point takes the label that occurs most among its neighbours.
///
/// The neighbourhood is the box of 2r + 1 points along every axis around a point, clipped at the
/// border. Where two labels are the most frequent ones, the point keeps its own. Points without a
/// label are not counted and stay as they are.
public struct Majority: LabelFilter {
  /// r, in steps of the grid; at least 1.
  public let radius: Int
  /// The label of points that have none.
  public let void: UInt16

  /// - Parameters:
  ///   - radius: at least 1.
  ///   - void: the label of points that have none.
  public init(radius: Int, ignoring void: UInt16 = Palette.voidLabel) {
    precondition(radius >= 1, "a radius of \(radius)")
    self.radius = radius
    self.void = void
  }

  /// What descriptions call it.
  public var name: String { "majority:radius=\(radius)" }
  /// How far it reaches.
  public var reach: Reach { .steps(radius) }

  /// - Complexity: O(N·((2r + 1)^(rank − 1) + L)).
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    let grid = labels.grid
    let width = grid.extents[grid.rank - 1]
    let outer = Array(grid.extents.dropLast())
    let lines = outer.reduce(1, *)
    let labelCount = Int(labels.labels.max() ?? 0) + 1
    let result = parallelism.map(lines) { line in
      filteredLine(line, labels.labels, width, outer, labelCount)
    }
    return try LabelMap(grid: grid, labels: result.flatMap(\.self))
  }

  private func filteredLine(
    _ line: Int, _ labels: [UInt16], _ width: Int, _ outer: [Int], _ labelCount: Int
  ) -> [UInt16] {
    let neighbours = neighbours(of: line, outer)
    var counts = [Int](repeating: 0, count: labelCount)
    func change(_ column: Int, by amount: Int) {
      guard column >= 0, column < width else { return }
      for neighbour in neighbours { counts[Int(labels[neighbour * width + column])] += amount }
    }
    for column in 0..<min(radius, width) { change(column, by: 1) }
    return (0..<width).map { column in
      change(column + radius, by: 1)
      if column > radius { change(column - radius - 1, by: -1) }
      let own = labels[line * width + column]
      guard own != void else { return own }
      var (best, most, isTied) = (own, 0, false)
      for label in 0..<labelCount where label != Int(void) {
        if counts[label] > most {
          (best, most, isTied) = (UInt16(label), counts[label], false)
        } else if counts[label] == most {
          isTied = true
        }
      }
      return isTied ? own : best
    }
  }

  /// The lines within the radius of `line` along all axes but the last.
  private func neighbours(of line: Int, _ extents: [Int]) -> [Int] {
    var rest = line
    var places: [Int] = []
    for extent in extents.reversed() {
      places.insert(rest % extent, at: 0)
      rest /= extent
    }
    return zip(places, extents).reduce([0]) { lines, axis in
      let (place, extent) = axis
      return lines.flatMap { line in
        (max(0, place - radius)...min(extent - 1, place + radius)).map { line * extent + $0 }
      }
    }
  }
}

extension LabelFilterKind {
  /// Each point takes the label that occurs most among its neighbours.
  public static let majority = LabelFilterKind(
    name: "majority", summary: "each pixel takes the label that occurs most around it",
    settings: [
      Setting("radius", .count(1...1024), "how far around, in pixels", default: .count(1)),
      Setting(
        "void", .count(0...65535), "the label of pixels without one, which are left alone",
        default: .count(Int(Palette.voidLabel))),
    ], example: "majority:radius=2"
  ) { settings, _ in
    Majority(
      radius: settings.count("radius") ?? 1,
      ignoring: UInt16(settings.count("void") ?? Int(Palette.voidLabel)))
  }
}
