import Evaluation
import Formats
import LatticeSupport
import MeanField
import Synchronization
import Unaries

/// An image in memory, with what does not change while its plan is changed.
package final class OpenImage: Sendable {
  let name: String
  package let scene: Scene
  package let energies: EnergyField
  /// The likeliest labels before any step.
  let before: LabelMap
  /// `nil` where there is no truth.
  let truth: Truth?
  /// Filters over the scene.
  package let terms = TermCache(capacity: OpenImage.keptTerms)

  /// The true labels, and what the labels before come to beside them.
  struct Truth: Sendable {
    let labels: LabelMap
    let measured: EvaluationCounts.MeasuredTruth
    /// Of the labels before.
    let counts: EvaluationCounts
  }

  /// Smaller scenes by their factors.
  private let coarse = Mutex<[Int: Coarse]>([:])

  /// A smaller scene, and filters over it.
  struct Coarse: Sendable {
    let scene: CoarseScene
    let terms: TermCache
  }

  /// Enough for four settings of two kernels that are compared.
  private static let keptTerms = 8

  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  init(_ image: PageImage, _ judging: Judging, parallelism: Parallelism) throws {
    let sample = try image.load(parallelism)
    guard sample.scene.grid.rank == 2 else {
      throw InputError(
        .data, at: image.name, "lies on a grid of \(sample.scene.grid), but the page shows images",
        remedy: "refine volumes with crf-refine")
    }
    name = image.name
    scene = sample.scene
    energies = sample.energies
    let labelCount = sample.energies.labelCount
    before = sample.energies.labels(parallelism: parallelism)
      .marking(sample.scene.mask, labelCount: labelCount)
    let (scene, before) = (sample.scene, self.before)
    truth = try sample.truth.map { truth in
      try Self.truth(truth, scene, before, judging, labelCount: labelCount)
    }
  }

  private static func truth(
    _ labels: LabelMap, _ scene: Scene, _ before: LabelMap, _ judging: Judging, labelCount: Int
  ) throws -> Truth {
    var labels = labels
    if let mask = scene.mask, mask.grid == labels.grid {
      for point in labels.labels.indices where !mask.isCounted[point] {
        labels.labels[point] = judging.void
      }
    }
    var counts = try judging.counts(labelCount: labelCount)
    let measured = counts.measured(labels)
    try counts.addBefore(before, truth: measured)
    return Truth(labels: labels, measured: measured, counts: counts)
  }

  /// The scene made smaller.
  func coarse(_ factor: Int, parallelism: Parallelism) -> Coarse {
    if let known = coarse.withLock({ $0[factor] }) { return known }
    let made = Coarse(
      scene: CoarseScene(scene, energies, factor: factor, parallelism: parallelism),
      terms: TermCache(capacity: Self.keptTerms))
    coarse.withLock { $0[factor] = made }
    return made
  }

  /// What labels come to beside the truth; `nil` where there is none.
  ///
  /// - Throws: `InputError` where they do not fit it.
  func counts(of labels: LabelMap) throws -> EvaluationCounts? {
    guard let truth else { return nil }
    var counts = truth.counts
    try counts.addAfter(labels, truth: truth.measured)
    return counts
  }
}

/// How labels are compared with the truth.
package struct Judging: Sendable {
  /// The label of the truth whose pixels do not count.
  let void: UInt16
  /// How far the band around true boundaries reaches, in pixels.
  let trimapWidth: Int

  package init(ignoring void: UInt16, trimapWidth: Int) {
    self.void = void
    self.trimapWidth = trimapWidth
  }

  func counts(labelCount: Int) throws -> EvaluationCounts {
    try EvaluationCounts(
      labelCount: labelCount, ignoring: void, isRefined: true, widths: [trimapWidth])
  }
}

extension EvaluationCounts {
  /// IOUs before and after, everywhere and near true boundaries, as the page has them: 0…1.
  var json: JSONValue {
    .object([
      "before": Self.json(before, bandsBefore),
      "after": after.map { Self.json($0, bandsAfter) },
    ])
  }

  private static func json(_ all: ConfusionMatrix, _ bands: Trimap?) -> JSONValue {
    .object([
      "all": json(all), "near": bands?.bands.first.map { json($0.confusion) },
    ])
  }

  private static func json(_ confusion: ConfusionMatrix) -> JSONValue {
    .object([
      "mean": confusion.meanIOU.map { .number($0) } ?? .null,
      "accuracy": confusion.pixelAccuracy.map { .number($0) } ?? .null,
      "iou": .list(
        confusion.intersectionsOverUnion.map { share in share.map { .number($0) } ?? .null }),
    ])
  }
}
