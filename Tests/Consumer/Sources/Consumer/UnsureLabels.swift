import LatticeSupport
import Unaries

/// Pixels of which no label is likely enough become void: a label filter in a few lines.
struct UnsureLabels: LabelFilter {
  /// The least probability that counts, 0…1.
  var least: Float
  /// The label of pixels without one.
  var void: UInt16 = 255

  var name: String { "unsure:least=\(least)" }
  var reach: Reach { .steps(0) }
  var needsMarginals: String? { "compares the probabilities of labels" }

  func filter(
    _ labels: LabelMap, _ marginals: Marginals?, over scene: Scene, parallelism: Parallelism
  ) throws -> LabelMap {
    guard let marginals else { return labels }
    var result = labels
    for (point, label) in labels.labels.enumerated()
    where label != void && marginals.values[point, Int(label)] < least {
      result.labels[point] = void
    }
    return result
  }
}

extension LabelFilterKind {
  /// `--step unsure:least=0.5`, once it is registered.
  static let unsure = LabelFilterKind(
    name: "unsure", summary: "pixels of which no label is likely enough become void",
    settings: [Setting("least", .number(.closed(0...1)), "the least probability that counts")],
    example: "unsure:least=0.5"
  ) { settings, _ in
    UnsureLabels(least: Float(settings.number("least") ?? 0))
  }
}
