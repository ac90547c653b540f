import Evaluation
import Formats
import LatticeSupport
import Pipeline
import Unaries

/// Which label filters pay on some images: each is tried for all labels at once and, where that
/// does not pay and the filter has a setting `classes`, label by label.
///
/// As nnU-Net decides whether only the largest components are kept: Isensee, Jaeger, Kohl, Petersen
/// & Maier-Hein, "nnU-Net: a self-configuring method for deep learning-based biomedical image
/// segmentation", Nature Methods 18 (2021), section "Empirical parameters". Labels for which a
/// filter pays are taken together only where they pay together, too.
public struct CleanUpSearch {
  /// A label filter that was tried.
  public struct Trial: Sendable {
    /// Its description, with the labels that it was tried for.
    public let text: String
    /// The objective without it.
    public let before: Double
    /// The objective with it.
    public let after: Double
    /// Whether it is in the plan now.
    public let isKept: Bool
  }

  /// What came of it.
  public struct Outcome: Sendable {
    /// The plan with what pays.
    public let plan: Plan
    /// In the order in which they were tried.
    public let trials: [Trial]
    /// What the plan comes to without them, and with those that pay.
    public let before: Tally
    /// With those that pay.
    public let after: Tally
  }

  private let images: [TuningImage]
  private let goal: SearchGoal
  private let void: UInt16
  private let trimapWidth: Int
  private let parallelism: Parallelism

  /// The setting that says for which labels a filter is.
  private static let classes = "classes"

  /// - Parameters:
  ///   - images: what decides.
  ///   - goal: what is to be as large as possible.
  ///   - void: the label of the truth whose points do not count.
  ///   - trimapWidth: how near true boundaries the band lies, in points; see `Trimap`.
  ///   - parallelism: the threads to use; results do not depend on it.
  public init(
    _ images: [TuningImage], for goal: SearchGoal, ignoring void: UInt16 = Palette.voidLabel,
    trimapWidth: Int = 4, parallelism: Parallelism = .automatic
  ) {
    self.images = images
    self.goal = goal
    self.void = void
    self.trimapWidth = trimapWidth
    self.parallelism = parallelism
  }

  /// Tries filters one after another, each behind those that pay.
  ///
  /// - Parameters:
  ///   - candidates: the filters, in their order; at least one.
  ///   - plan: what comes before them.
  ///   - progress: told how much is done, 0…1.
  /// - Throws: `InputError` of an image that cannot be read, or of a filter that cannot be made.
  /// - Complexity: for each filter, the plan once for each image, and the filter at most labels + 2
  ///   times.
  public func run(
    _ candidates: [Description<LabelFilterKind>], after plan: Plan,
    progress: (Double) -> Void = { _ in }
  ) throws -> Outcome {
    precondition(!candidates.isEmpty, "no clean-ups to try")
    var (plan, trials): (Plan, [Trial]) = (plan, [])
    var ends: (before: Tally, after: Tally)?
    for (index, candidate) in candidates.enumerated() {
      let choice = try choose(candidate, after: plan)
      trials += choice.trials
      if let kept = choice.kept { plan = try Plan(steps: plan.steps + [.labelFilter(kept)]) }
      ends = (ends?.before ?? choice.before, choice.after)
      progress(Double(index + 1) / Double(candidates.count))
    }
    return Outcome(plan: plan, trials: trials, before: ends!.before, after: ends!.after)
  }

  /// What came of one filter.
  private struct Choice {
    /// `nil` where it does not pay.
    let kept: Description<LabelFilterKind>?
    let trials: [Trial]
    let before: Tally
    let after: Tally
  }

  private func choose(
    _ candidate: Description<LabelFilterKind>, after plan: Plan
  ) throws -> Choice {
    let first = try tallies(of: [candidate], after: plan)
    let before = try goal.value(of: first.unfiltered)
    func trial(_ description: Description<LabelFilterKind>, _ tally: Tally) throws -> Trial {
      let after = try goal.value(of: tally)
      return Trial(
        text: "\(description)", before: before, after: after, isKept: after > before)
    }
    func choice(
      _ tried: [Trial], _ last: Description<LabelFilterKind>, _ tally: Tally
    ) -> Choice {
      let isKept = tried[tried.count - 1].isKept
      return Choice(
        kept: isKept ? last : nil, trials: tried, before: first.unfiltered,
        after: isKept ? tally : first.unfiltered)
    }
    let whole = try trial(candidate, first.filtered[0])
    let isByLabel = candidate.kind.settings.contains { $0.key == Self.classes }
    guard !whole.isKept, isByLabel, candidate.settings[Self.classes] == nil else {
      return choice([whole], candidate, first.filtered[0])
    }
    let labels = (0..<first.unfiltered.whole.labelCount).filter { $0 != Int(void) }
    let single = try labels.map { try self.candidate(candidate, for: [$0]) }
    let tallies = try tallies(of: single, after: plan).filtered
    let alone = try zip(single, tallies).map { try trial($0, $1) }
    let paying = labels.indices.filter { alone[$0].isKept }
    guard paying.count != 1 else {
      let place = paying[0]
      let others = labels.indices.filter { $0 != place }.map { alone[$0] }
      return choice([whole] + others + [alone[place]], single[place], tallies[place])
    }
    guard !paying.isEmpty else {
      return choice([whole] + alone, candidate, first.unfiltered)
    }
    let together = try self.candidate(candidate, for: paying.map { labels[$0] })
    let tally = try self.tallies(of: [together], after: plan).filtered[0]
    let failed = alone.filter { !$0.isKept }
    return choice([whole] + failed + [try trial(together, tally)], together, tally)
  }

  private func candidate(
    _ candidate: Description<LabelFilterKind>, for labels: [Int]
  ) throws -> Description<LabelFilterKind> {
    var members = candidate.json.members ?? []
    members.append(.init(Self.classes, .list(labels.map { .number($0) })))
    return try Description(.object(members), in: LabelFilterKind.registry)
  }

  /// What a plan comes to, alone and with each of some label filters behind it.
  ///
  /// - Throws: as `run` does.
  public func tallies(
    of filters: [Description<LabelFilterKind>] = [], after plan: Plan
  ) throws -> (unfiltered: Tally, filtered: [Tally]) {
    let workers = min(parallelism.threads, images.count)
    let inner = Parallelism(threads: max(1, parallelism.threads / workers))
    let all = try Parallelism(threads: workers).map(images.count) { index in
      try tallies(of: filters, after: plan, in: images[index], inner)
    }
    var sums = all[0]
    for (index, tallies) in all.enumerated().dropFirst() {
      guard tallies[0].whole.labelCount == sums[0].whole.labelCount else {
        throw InputError(
          .data, at: images[index].scores,
          "has \(tallies[0].whole.labelCount) labels, but files before have others: they do not add up",
          remedy: "tune files of other labels in a run of their own")
      }
      for place in sums.indices { sums[place] += tallies[place] }
    }
    return (sums[0], Array(sums.dropFirst()))
  }

  private func tallies(
    of filters: [Description<LabelFilterKind>], after plan: Plan, in image: TuningImage,
    _ parallelism: Parallelism
  ) throws -> [Tally] {
    let sample = try image.load(parallelism)
    let counts = try EvaluationCounts(
      labelCount: sample.energies.labelCount, ignoring: void, isRefined: false,
      widths: [trimapWidth])
    let truth = counts.measured(sample.truth)
    func tally(_ labels: LabelMap) throws -> Tally {
      var counts = counts
      do {
        try counts.addBefore(labels, truth: truth)
      } catch let error as InputError {
        throw error.at(image.truth)
      }
      return Tally(counts)
    }
    func file(_ path: String) -> String { ArrayFile.path(image.name, of: path) }
    do {
      let prepared = try PreparedPlan(plan.replacingFiles(file), context: .files)
      let result = try prepared.run(
        sample.energies, over: sample.scene, RefinementRequest(parallelism: parallelism))
      return try [tally(result.labels)]
        + filters.map { filter in
          let filter = try filter.kind.make(filter.replacingFiles(file).settings, .files)
          return try tally(
            filter.filter(
              result.labels, result.marginals, over: sample.scene, parallelism: parallelism))
        }
    } catch let error as InputError {
      throw error.at(image.place)
    }
  }
}
