import LatticeSupport
import Unaries

/// Components of equal labels that have too few points leave the map.
///
/// Points without a label belong to none, and stay as they are.
public struct SmallComponents: LabelFilter {
  /// For each label, how many points its components have at least; labels without a number are left
  /// alone.
  public let minimum: LabelNumbers
  /// Which points touch.
  public let connectivity: Connectivity
  /// What takes the place of those that leave.
  public let replacement: Replacement
  /// The label of points that have none.
  public let void: UInt16
  private let table: [UInt32]

  /// - Parameters:
  ///   - minimum: how many points a component has at least, for all labels or some of them.
  ///   - connectivity: which points touch.
  ///   - classes: the labels whose components may leave; `nil` for all.
  ///   - replacement: what takes the place of those that leave.
  ///   - void: the label of points that have none.
  public init(
    below minimum: LabelNumbers, connectivity: Connectivity = .sides,
    of classes: LabelNumbers? = nil,
    replacing replacement: Replacement = .void, void: UInt16 = Palette.voidLabel
  ) {
    self.connectivity = connectivity
    self.replacement = replacement
    self.void = void
    let isAsked = classes.map { Set($0.labels) }
    let table = minimum.table(others: 0).enumerated().map { label, number in
      isAsked?.contains(UInt16(label)) ?? true ? UInt32(clamping: number) : 0
    }
    self.table = table
    self.minimum = minimum
    classText = classes.map { ",classes=\($0)" } ?? ""
  }

  private let classText: String

  /// What descriptions call it.
  public var name: String {
    "components:minimum=\(minimum)\(connectivity.text)\(classText),replace=\(replacement.rawValue)"
  }

  /// Only to know likeliest labels.
  public var needsMarginals: String? { replacement.needsMarginals }

  /// One less than the minimum: whether a point's component has n points can be told from those
  /// that are fewer than n steps away. How large a neighbour is cannot.
  public var reach: Reach {
    if replacement == .neighbour { return .everywhere }
    return .steps(max(0, Int(table.max() ?? 0) - 1))
  }
  /// Void, which is part of nothing.
  public var leftOutLabel: UInt16? { void }

  /// - Throws: `InputError` where the connectivity is one of another number of axes, or there are
  ///   2³¹ points or more.
  /// - Complexity: O(N), and O(L) for each point that takes the likeliest label.
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    try labels.rebuilt(from: connectivity, ignoring: void, parallelism: parallelism) {
      given, runs in
      func judged() -> JudgedComponents {
        JudgedComponents(runs, of: given, minimum: table, parallelism: parallelism)
      }
      return switch replacement {
      case .void: runs.erased(below: table, void: void, of: given, parallelism: parallelism)
      case .neighbour: judged().joinedToNeighbours(parallelism: parallelism)
      case .likeliest: judged().withLikeliest(of: marginals, parallelism: parallelism)
      }
    }
  }
}

extension LabelFilterKind {
  /// Components that have too few points leave the map.
  public static let components = LabelFilterKind(
    name: "components", summary: "components with fewer pixels than a minimum leave the map",
    settings: [
      Setting(
        "minimum", .labelCounts(1...Int(Int32.max)),
        "how many pixels a component has at least, for all labels or for some"),
      Connectivity.setting,
      Setting(
        "classes", .labels, "the labels whose components may leave; else all", default: nil),
      Replacement.setting, VoidSetting.setting,
    ], example: "components:minimum=64,replace=neighbour"
  ) { settings, _ in
    SmallComponents(
      below: settings.labelNumbers("minimum") ?? LabelNumbers(1),
      connectivity: try Connectivity(settings), of: settings.labelNumbers("classes"),
      replacing: Replacement(settings), void: VoidSetting.label(settings))
  }
}
