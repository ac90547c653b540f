import LatticeSupport
import Unaries

/// Which points of a grid touch, by how many neighbours a point has: 4 or 8 in an image, 6, 18 or
/// 26 in a volume.
public struct Connectivity: Sendable, Hashable {
  /// How many neighbours a point has; `nil` for those that share a side, on any number of axes.
  public let neighbours: Int?

  /// Points that share a side: 4 neighbours in an image, 6 in a volume.
  public static let sides = Connectivity(neighbours: nil)

  private static let known = [4: (axes: 2, order: 1), 8: (2, 2), 6: (3, 1), 18: (3, 2), 26: (3, 3)]

  /// - Parameter neighbours: 4, 8, 6, 18 or 26; `nil` for points that share a side.
  public init(neighbours: Int?) {
    precondition(
      neighbours.map { Self.known[$0] != nil } ?? true, "a connectivity of \(neighbours!)")
    self.neighbours = neighbours
  }

  /// Along how many axes at once neighbours may differ.
  ///
  /// - Throws: `InputError` where a grid of that many axes has no such neighbours.
  func order(on grid: GridShape) throws -> Int {
    guard let neighbours, let (axes, order) = Self.known[neighbours] else { return 1 }
    guard axes == grid.rank else {
      throw InputError(
        .usage,
        "the connectivity is \(neighbours), which is one of \(axes) axes, but the labels have "
          + "\(grid.rank)",
        remedy: "use 4 or 8 for images, 6, 18 or 26 for volumes, or leave it out")
    }
    return order
  }
}

extension Connectivity {
  /// The setting that a kind reads with `init(_:)`.
  static let setting = Setting(
    "connectivity", .count(4...26),
    "how many neighbours a pixel has: 4 or 8 in images, 6, 18 or 26 in volumes; else those that "
      + "share a side", default: nil)

  /// That of a kind's settings.
  ///
  /// - Throws: `InputError` where there is no such connectivity.
  init(_ settings: Settings, _ key: String = "connectivity") throws {
    let neighbours = settings.count(key)
    guard neighbours.map({ Self.known[$0] != nil }) ?? true else {
      throw InputError(
        .usage, "'\(key)' is \(neighbours!), but must be 4, 8, 6, 18 or 26",
        remedy: "use 4 or 8 for images, 6, 18 or 26 for volumes")
    }
    self.init(neighbours: neighbours)
  }

  /// What descriptions have of it, with a comma before it.
  var text: String { neighbours.map { ",connectivity=\($0)" } ?? "" }
}
