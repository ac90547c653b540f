import Evaluation
import LatticeSupport
import Synchronization
import Unaries

/// Solves images with settings of a search, several images at a time, and keeps what came of them.
///
/// Images are independent, so that a thread for each image keeps all processors busy without their
/// waiting for each other; the threads left over work within images. Memory is that of as many
/// images as there are threads. Results do not depend on the number of threads.
public final class Evaluator {
  /// What is varied.
  public let space: SearchSpace
  /// The set.
  public let images: [TuningImage]
  /// The part of the set that each image belongs to.
  public let parts: [Int]
  /// Evaluations that the state held.
  public private(set) var resumedCount = 0
  /// Evaluations that were made here: one for each image and setting.
  public var madeCount: Int { made.withLock { $0 } }

  private let void: UInt16
  private let trimapWidth: Int
  private let parallelism: Parallelism
  private let evaluations: Evaluations
  private var state: StateFile<EvaluationEntry>?
  private let made = Mutex(0)

  /// - Parameters:
  ///   - images: the set; no two of the same name.
  ///   - parts: the part of the set that each image belongs to; `nil` where there is but one, 0.
  ///   - space: what is varied.
  ///   - void: the label of the truth whose points do not count.
  ///   - trimapWidth: how near true boundaries the band lies, in points; see `Trimap`.
  ///   - state: where finished evaluations are kept; `nil` for nowhere.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the state cannot be used.
  public init(
    _ images: [TuningImage], parts: [Int]? = nil, space: SearchSpace,
    ignoring void: UInt16 = Palette.voidLabel, trimapWidth: Int = 4, state: SearchState? = nil,
    parallelism: Parallelism = .automatic
  ) throws {
    let parts = parts ?? images.map { _ in 0 }
    precondition(images.count == parts.count && !images.isEmpty)
    self.images = images
    self.parts = parts
    self.space = space
    self.void = void
    self.trimapWidth = trimapWidth
    self.parallelism = parallelism
    evaluations = Evaluations(parts: parts)
    guard let state else { return }
    let header = try StateHeader(
      conditions: state.conditions, images: images, of: state, parallelism: parallelism)
    let places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.name, $0) })
    self.state = try StateFile(state.path, EvaluationEntry.format, header: header) {
      (entry: EvaluationEntry) in
      let tally = try entry.tally(numbers: space.parameters.count)
      guard let image = places[entry.image] else {
        throw InputError(.data, "it is of '\(entry.image)', which the first line does not name")
      }
      guard evaluations.add(tally, of: entry.setting, image: image) else {
        throw InputError(.data, "it has another number of labels than those before it")
      }
      resumedCount += 1
    }
  }

  /// What each of `settings`, which may repeat, comes to over the images of a part.
  ///
  /// - Parameters:
  ///   - settings: of the space.
  ///   - part: the part of the set; it has an image at least.
  ///   - progress: told from any thread how much of this is done, 0…1.
  /// - Throws: `InputError` of the first image that cannot be solved; what is finished is kept.
  public func tallies(
    of settings: [TunedSetting], part: Int = 0, progress: (@Sendable (Double) -> Void)? = nil
  ) throws -> [Tally] {
    // The best setting may well be one that it is compared with: it is solved once.
    var seen: Set<TunedSetting> = []
    let distinct = settings.filter { seen.insert($0).inserted }
    let pending = images.indices.filter { parts[$0] == part }.map { image in
      (image, distinct.filter { !evaluations.holds($0, image: image) })
    }.filter { !$0.1.isEmpty }
    try solve(pending, progress)
    return settings.map { setting in
      guard let tally = evaluations.tally(of: setting, part: part) else {
        preconditionFailure("part \(part) has no images")
      }
      return tally
    }
  }

  private func solve(
    _ pending: [(image: Int, settings: [TunedSetting])], _ progress: (@Sendable (Double) -> Void)?
  ) throws {
    guard !pending.isEmpty else { return }
    let total = pending.reduce(0) { $0 + $1.settings.count }
    let finished = Mutex(0)
    let failure = Mutex<(image: Int, error: any Error)?>(nil)
    let workers = min(parallelism.threads, pending.count)
    let inner = Parallelism(threads: max(1, parallelism.threads / workers))
    Parallelism(threads: workers).forEach(pending.count) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      let (image, settings) = pending[index]
      do {
        try ImageEvaluation(images[image], in: space, parallelism: inner, counts: counts)
          .evaluate(settings) { results in
            try keep(results, of: image)
            let done = finished.withLock { count in
              count += results.count
              return count
            }
            progress?(Double(done) / Double(total))
          }
      } catch {
        failure.withLock { first in
          if image < first?.image ?? Int.max { first = (image, error) }
        }
      }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
  }

  private func counts(labelCount: Int) throws -> EvaluationCounts {
    try EvaluationCounts(
      labelCount: labelCount, ignoring: void, isRefined: false, widths: [trimapWidth])
  }

  private func keep(_ results: [(TunedSetting, Tally)], of image: Int) throws {
    for (setting, tally) in results
    where !evaluations.add(tally, of: setting, image: image) {
      throw InputError(
        .data, at: images[image].scores,
        "has \(tally.whole.labelCount) labels, but files before have others: they do not add up",
        remedy: "tune files of other labels in a run of their own")
    }
    try state?.append(
      results.map { EvaluationEntry(of: $1, image: images[image].name, setting: $0) })
    made.withLock { $0 += results.count }
  }
}
