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
    /// The objective without it, and with it.
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
  }

  private let images: [TuningImage]
  private let objective: SearchGoal
  private let void: UInt16
  private let trimapWidth: Int
  private let parallelism: Parallelism

  /// The setting that says for which labels a filter is.
  private static let classes = "classes"

  /// - Parameters:
  ///   - images: what decides.
  ///   - objective: what is to be as large as possible.
  ///   - void: the label of the truth whose points do not count.
  ///   - trimapWidth: how near true boundaries the band lies, in points; see `Trimap`.
  ///   - parallelism: the threads to use; results do not depend on it.
  public init(
    _ images: [TuningImage], for objective: SearchGoal, ignoring void: UInt16 = Palette.voidLabel,
    trimapWidth: Int = 4, parallelism: Parallelism = .automatic
  ) {
    self.images = images
    self.objective = objective
    self.void = void
    self.trimapWidth = trimapWidth
    self.parallelism = parallelism
  }

  /// Tries filters one after another, each behind those that pay.
  ///
  /// - Parameters:
  ///   - candidates: the filters, in their order.
  ///   - plan: what comes before them.
  ///   - progress: told how much is done, 0…1.
  /// - Throws: `InputError` of an image that cannot be read, or of a filter that cannot be made.
  /// - Complexity: for each filter, the plan once for each image, and the filter at most labels + 2
  ///   times.
  public func run(
    _ candidates: [Description<LabelFilterKind>], after plan: Plan,
    progress: (Double) -> Void = { _ in }
  ) throws -> Outcome {
    var (plan, trials): (Plan, [Trial]) = (plan, [])
    for (index, candidate) in candidates.enumerated() {
      let (found, tried) = try choose(candidate, after: plan)
      trials += tried
      if let found { plan = try Plan(steps: plan.steps + [.labelFilter(found)]) }
      progress(Double(index + 1) / Double(candidates.count))
    }
    return Outcome(plan: plan, trials: trials)
  }

  private func choose(
    _ candidate: Description<LabelFilterKind>, after plan: Plan
  ) throws -> (Description<LabelFilterKind>?, [Trial]) {
    let first = try tallies(of: [candidate], after: plan)
    let before = try objective.value(of: first.unfiltered)
    func trial(
      _ description: Description<LabelFilterKind>, _ tally: Tally, isKept: Bool? = nil
    ) throws -> Trial {
      let after = try objective.value(of: tally)
      return Trial(
        text: "\(description)", before: before, after: after, isKept: isKept ?? (after > before))
    }
    let whole = try trial(candidate, first.filtered[0])
    let isByLabel = candidate.kind.settings.contains { $0.key == Self.classes }
    guard !whole.isKept, isByLabel, candidate.settings[Self.classes] == nil else {
      return (whole.isKept ? candidate : nil, [whole])
    }
    let labels = (0..<first.unfiltered.whole.labelCount).filter { $0 != Int(void) }
    let single = try labels.map { try self.candidate(candidate, for: [$0]) }
    let tallies = try tallies(of: single, after: plan).filtered
    let alone = try zip(single, tallies).map { try trial($0, $1) }
    let paying = zip(labels, alone).filter { $1.isKept }.map(\.0)
    guard !paying.isEmpty else { return (nil, [whole] + alone) }
    let together = try self.candidate(candidate, for: paying)
    let last =
      paying.count == 1
      ? alone.first { $0.isKept }!
      : try trial(together, try self.tallies(of: [together], after: plan).filtered[0])
    let tried = [whole] + alone.filter { !$0.isKept } + [last]
    return (last.isKept ? together : nil, tried)
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
