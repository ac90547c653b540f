import LatticeSupport
import Unaries

/// Components that have too few points take the label of their largest neighbour, by the rules of
/// GDAL's sieve.
///
/// Where the largest neighbour is too small itself, its own largest neighbour is taken, and so on;
/// a component from which that ends or runs in a circle stays as it is, so that small components
/// can remain. Among neighbours of equal size the one that is met first counts: points are gone
/// through row by row, and each looks above, above to the left, above to the right and to the left.
/// All by the sizes in the given map. `gdal_sieve`, GDAL 3.10.
public struct Sieve: LabelFilter {
  /// How many points a component has at least; at least 1.
  public let minimum: Int
  /// Which points touch.
  public let connectivity: Connectivity
  /// The label of points that are part of nothing; `nil` where every number is a label.
  public let void: UInt16?

  /// - Parameters:
  ///   - minimum: how many points a component has at least; at least 1.
  ///   - connectivity: which points touch.
  ///   - void: the label of points that are part of nothing; `nil` where every number is a label.
  public init(
    below minimum: Int, connectivity: Connectivity = .sides,
    ignoring void: UInt16? = Palette.voidLabel
  ) {
    precondition(minimum >= 1, "a minimum of \(minimum)")
    self.minimum = minimum
    self.connectivity = connectivity
    self.void = void
  }

  /// What descriptions call it.
  public var name: String { "sieve:minimum=\(minimum)\(connectivity.text)" }
  /// How large a neighbour is depends on all points.
  public var reach: Reach { .everywhere }
  /// Void, which is part of nothing.
  public var leftOutLabel: UInt16? { void }

  /// - Throws: `InputError` where the connectivity is one of another number of axes, or there are
  ///   2³¹ points or more.
  /// - Complexity: O(N).
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    try labels.rebuilt(from: connectivity, ignoring: void, parallelism: parallelism) {
      given, runs in
      let judged = JudgedComponents(
        runs, of: given,
        minimum: [UInt32](repeating: UInt32(clamping: minimum), count: Int(UInt16.max) + 1),
        parallelism: parallelism)
      let targets = NeighbourSearch(
        judged, of: given, staying: false, parallelism: parallelism
      ).chainedTargets()
      return judged.painted(parallelism: parallelism) { rows in
        for run in runs.runs(of: rows) {
          let target = targets.base[run]
          if target < .max { judged.labels[run] = judged.labels[Int(target)] }
        }
      }
    }
  }
}

extension LabelFilterKind {
  /// Components that have too few points take the label of their largest neighbour.
  public static let sieve = LabelFilterKind(
    name: "sieve",
    summary: "components with fewer pixels than a minimum join their largest neighbour, as in GDAL",
    settings: [
      Setting(
        "minimum", .count(1...Int(Int32.max)), "how many pixels a component has at least",
        default: .count(2)),
      Connectivity.setting, VoidSetting.setting,
    ], example: "sieve:minimum=64"
  ) { settings, _ in
    Sieve(
      below: settings.count("minimum") ?? 2, connectivity: try Connectivity(settings),
      ignoring: VoidSetting.label(settings))
  }
}
