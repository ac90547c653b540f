import Lattice
import LatticeSupport
import MeanField
import Synchronization
import ToolSupport
import Unaries

/// Solves images with settings, several images at a time, and keeps what came of them.
///
/// Images are independent, so that a thread for each image keeps all processors busy without their
/// waiting for each other; the threads left over work within images.
package final class Evaluator {
  private let images: [TuningImage]
  private let parts: [Int]
  private let conditions: TuningConditions
  private let parallelism: Parallelism
  private let isQuiet: Bool
  private let evaluations: Evaluations
  private var state: StateFile?
  /// Evaluations that the state file held.
  package private(set) var resumedCount = 0
  /// Evaluations that were made here.
  package var madeCount: Int { made.withLock { $0 } }
  private let made = Mutex(0)

  /// - Parameters:
  ///   - images: the set.
  ///   - parts: the part of the set that each image belongs to.
  ///   - statePath: where finished evaluations are kept; `nil` for nowhere.
  ///   - isQuiet: whether no progress is shown.
  /// - Throws: `InputError` where the state file cannot be used.
  package init(
    _ images: [TuningImage], parts: [Int], conditions: TuningConditions, statePath: String?,
    parallelism: Parallelism, isQuiet: Bool
  ) throws {
    precondition(images.count == parts.count && !images.isEmpty)
    self.images = images
    self.parts = parts
    self.conditions = conditions
    self.parallelism = parallelism
    self.isQuiet = isQuiet
    evaluations = Evaluations(parts: parts)
    guard let statePath else { return }
    let places = Dictionary(uniqueKeysWithValues: images.enumerated().map { ($1.name, $0) })
    state = try StateFile(
      statePath, header: header(), parameters: conditions.space.parameters.count
    ) { name, setting, tally in
      guard let image = places[name], evaluations.add(tally, of: setting, image: image) else {
        throw InputError(.data, "it has another number of labels than those before it")
      }
      resumedCount += 1
    }
  }

  /// What each of `settings`, which may repeat, comes to over the images of a part.
  ///
  /// - Parameter work: what is under way, for the progress.
  /// - Throws: `InputError` of the first image that cannot be solved; what is finished is kept.
  package func tallies(of settings: [TunedSetting], part: Int, work: String) throws -> [Tally] {
    // The best setting may well be one that it is compared with: it is solved once.
    var seen: Set<TunedSetting> = []
    let distinct = settings.filter { seen.insert($0).inserted }
    let pending = images.indices.filter { parts[$0] == part }.map { image in
      (image, distinct.filter { !evaluations.holds($0, image: image) })
    }.filter { !$0.1.isEmpty }
    try solve(pending, work: work)
    return settings.map { setting in
      guard let tally = evaluations.tally(of: setting, part: part) else {
        preconditionFailure("part \(part) has no images")
      }
      return tally
    }
  }

  private func solve(_ pending: [(image: Int, settings: [TunedSetting])], work: String) throws {
    guard !pending.isEmpty else { return }
    let total = pending.reduce(0) { $0 + $1.settings.count }
    let progress = isQuiet ? nil : InferenceProgress(of: work)
    defer { progress?.clear() }
    let finished = Mutex(0)
    let failure = Mutex<(image: Int, error: any Error)?>(nil)
    let workers = min(parallelism.threads, pending.count)
    let inner = Parallelism(threads: max(1, parallelism.threads / workers))
    Parallelism(threads: workers).forEach(pending.count) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      let (image, settings) = pending[index]
      do {
        try LoadedTuningImage(images[image], conditions, parallelism: inner)
          .evaluate(settings) { results in
            try keep(results, of: image)
            let done = finished.withLock { count in
              count += results.count
              return count
            }
            progress?.show(Double(done) / Double(total))
          }
      } catch {
        failure.withLock { first in
          if image < first?.image ?? Int.max { first = (image, error) }
        }
      }
    }
    if let error = failure.withLock({ $0?.error }) { throw error }
  }

  private func keep(_ results: [(TunedSetting, Tally)], of image: Int) throws {
    for (setting, tally) in results
    where !evaluations.add(tally, of: setting, image: image) {
      throw InputError(
        .data, at: images[image].scores,
        "has \(tally.whole.labelCount) labels, but files before have others: they do not add up",
        remedy: "tune files of other labels in a run of their own")
    }
    try state?.append(images[image].name, results)
    made.withLock { $0 += results.count }
  }

  private func header() throws -> StateFile.Header {
    let prints = try parallelism.map(images.count) { index in
      let files = images[index]
      return try Fingerprint.of([files.scores, files.image, files.truth])
    }
    return StateFile.Header(
      conditions: conditions.description,
      images: Dictionary(uniqueKeysWithValues: zip(images.map(\.name), prints)))
  }
}

extension TuningConditions {
  /// The plan without what settings say.
  private var planText: String {
    var model = space.model(of: space.unrefined)
    (model.name, model.source) = (nil, nil)
    return (try? space.plan(with: model))?.json.compactText ?? ""
  }

  /// By name, as the state file notes them.
  fileprivate var description: [String: String] {
    [
      "--unary-kind": unary.kind.rawValue, "--scores-layout": "\(unary.layout)",
      "--image-layout": "\(unary.imageLayout)", "--member": unary.member ?? "none",
      "--align-corners": "\(unary.alignCorners)", "--label-count": "\(unary.labelCount)",
      "--confidence": "\(unary.confidence)", "--unknown": "\(unary.unknown)",
      "--normalization": Set(space.base.terms.map(\.normalization.rawValue)).sorted()
        .joined(separator: ", "), "--filter": "\(space.base.filter)", "--void": "\(void)",
      "--tune": space.parameters.map(\.name).joined(separator: ", "), "the model": planText,
      "--trimap-width": "\(trimapWidth)",
      // Names of labels change no count.
      "--palette": "of colours " + Fingerprint.of(palette),
    ].merging(choices) { first, _ in first }
  }

  /// What is noted only where it is chosen, so that a state from before there was a choice goes on.
  private var choices: [String: String] {
    let picture = unary.picture
    return [
      "--binary": unary.isBinary ? "given" : nil,
      "--normalize-scores": unary.normalizes ? "given" : nil,
      "--label-map": unary.reading.mapping?.description,
      "--truth-map": truth.mapping?.description,
      "--palette's grays": truth.takesGrayForNumbers ? nil : "colours",
      "--orientation": picture.orientation == .ask ? nil : picture.orientation.rawValue,
      "--image-range": picture.range.map { "\($0)" },
    ].compactMapValues { $0 }
  }
}
