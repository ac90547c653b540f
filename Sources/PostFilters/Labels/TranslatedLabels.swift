import LatticeSupport
import Unaries

/// Labels that are listed become others.
public struct TranslatedLabels: LabelFilter {
  /// What labels become.
  public let numbers: LabelNumbers
  /// What labels become that are not listed, but for void; `nil` where they stay.
  public let others: UInt16?
  /// The label of points that have none: it stays unless it is listed by itself.
  public let void: UInt16

  /// - Parameters:
  ///   - numbers: what labels become, 0…65535.
  ///   - others: what labels become that are not listed; `nil` where they stay.
  ///   - void: the label of points that have none.
  public init(
    _ numbers: LabelNumbers, others: UInt16? = nil, void: UInt16 = Palette.voidLabel
  ) {
    precondition(
      numbers.entries.allSatisfy { $0.number.map { 0...Int(UInt16.max) ~= $0 } ?? false },
      "labels become \(numbers)")
    self.numbers = numbers
    self.others = others
    self.void = void
  }

  /// What descriptions call it.
  public var name: String { "map:to=\(numbers)" + (others == nil ? "" : ",others=void") }
  /// How far it reaches.
  public var reach: Reach { .steps(0) }
  /// Points have no influence on others.
  public var leftOutLabel: UInt16? { void }

  /// - Complexity: O(N).
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    var table = (0...UInt16.max).map { others ?? $0 }
    table[Int(void)] = void
    for entry in numbers.entries {
      for label in entry.labels ?? 0...UInt16.max
      where entry.labels?.count == 1 || label != void {
        table[Int(label)] = entry.number.flatMap(UInt16.init(exactly:)) ?? label
      }
    }
    return labels.translated(by: table, parallelism: parallelism)
  }
}

extension LabelFilterKind {
  /// Labels that are listed become others.
  public static let map = LabelFilterKind(
    name: "map", summary: "labels become others",
    settings: [
      Setting("to", .labelCounts(0...65535), "what each label becomes"),
      Setting(
        "others", .choice(["keep", "void"]), "what becomes of labels that are not listed",
        default: .choice("keep")),
      Setting(
        "void", .count(0...65535), "the label of pixels without one, which stays unless listed",
        default: .count(Int(Palette.voidLabel))),
    ], example: "map:to=1:0+3-5:2"
  ) { settings, _ in
    let void = VoidSetting.label(settings)
    return TranslatedLabels(
      settings.labelNumbers("to") ?? LabelNumbers([]),
      others: settings.text("others") == "void" ? void : nil, void: void)
  }
}
