import LatticeSupport
import Unaries

/// Points of labels that are not listed become void.
public struct KeptLabels: LabelFilter {
  /// The labels that stay.
  public let classes: LabelNumbers
  /// What all other points become.
  public let void: UInt16

  /// - Parameter classes: the labels that stay.
  /// - Parameter void: what all other points become.
  public init(_ classes: LabelNumbers, void: UInt16 = Palette.voidLabel) {
    self.classes = classes
    self.void = void
  }

  /// What descriptions call it.
  public var name: String { "keep:classes=\(classes)" }
  /// How far it reaches.
  public var reach: Reach { .steps(0) }
  /// Points have no influence on others.
  public var leftOutLabel: UInt16? { void }

  /// - Complexity: O(N).
  public func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    var table = [UInt16](repeating: void, count: Int(UInt16.max) + 1)
    for label in classes.labels { table[Int(label)] = label }
    return labels.translated(by: table, parallelism: parallelism)
  }
}

extension LabelMap {
  /// The map with table[label] for each label. O(N).
  func translated(by table: [UInt16], parallelism: Parallelism) -> LabelMap {
    let translated = [UInt16](count: labels.count) { output in
      nonisolated(unsafe) let output = output
      labels.withUnsafeBufferPointer { labels in
        table.withUnsafeBufferPointer { table in
          nonisolated(unsafe) let (labels, table) = (labels, table)
          parallelism.forEachChunk(of: labels.count, grain: 1 << 16) { points in
            for point in points { (output + point).initialize(to: table[Int(labels[point])]) }
          }
        }
      }
    }
    return LabelMap(unchecked: translated, grid: grid)
  }
}

extension LabelFilterKind {
  /// Points of labels that are not listed become void.
  public static let keep = LabelFilterKind(
    name: "keep", summary: "labels that are not listed become void",
    settings: [
      Setting("classes", .labels, "the labels that stay"),
      Setting(
        "void", .count(0...65535), "what all other pixels become",
        default: .count(Int(Palette.voidLabel))),
    ], example: "keep:classes=0+2-3"
  ) { settings, _ in
    KeptLabels(
      settings.labelNumbers("classes") ?? LabelNumbers(labels: []),
      void: VoidSetting.label(settings))
  }
}
