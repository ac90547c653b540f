import Evaluation
import Lattice
import LatticeSupport
import MeanField
import Pipeline

/// What a search came to: its best settings beside what there was before it, on the images that it
/// looked at and on others.
public struct SearchOutcome {
  /// A setting, and what it comes to on some images.
  public struct Row: Sendable {
    /// `no CRF`, `no steps`, the name of the model, `as given`, `1.`, `2.` …
    public let title: String
    /// The setting.
    public let setting: TunedSetting
    /// What it comes to.
    public let tally: Tally

    /// - Parameters:
    ///   - title: what it is called.
    ///   - setting: the setting.
    ///   - tally: what it comes to.
    public init(title: String, setting: TunedSetting, tally: Tally) {
      self.title = title
      self.setting = setting
      self.tally = tally
    }
  }

  /// All rounds and the ranking.
  public let result: CoarseToFineSearch.Result
  /// What was as large as possible.
  public let objective: SearchGoal
  /// On the images that were searched on: no CRF, the model as it was, the best settings.
  public let tuned: [Row]
  /// The same on the images that were held out, with the best setting only; empty without any.
  public let heldOut: [Row]
  private let space: SearchSpace
  private let imageCount: Int

  /// Settings of the ranking that are compared.
  private static let shown = 5

  /// Searches, and compares what was found.
  ///
  /// - Parameters:
  ///   - search: what is searched, and how.
  ///   - objective: what is to be as large as possible.
  ///   - evaluator: of the search's space.
  ///   - part: the part of its images that is looked at.
  ///   - heldOut: a part that is only reported on; `nil` where there is none.
  ///   - progress: told what is under way, gives what is told how much of it is done.
  /// - Throws: `InputError` of the first image that cannot be solved; where no point of the truth
  ///   counts.
  public init(
    of search: CoarseToFineSearch, for objective: SearchGoal, by evaluator: Evaluator,
    on part: Int = 0, heldOut: Int? = nil,
    progress: (_ work: Work) -> (@Sendable (Double) -> Void)? = { _ in nil }
  ) throws {
    var round = 0
    let result = try search.run { grid in
      let work = Work.round(round)
      round += 1
      return try evaluator.tallies(of: grid, part: part, progress: progress(work))
        .map { try objective.value(of: $0) }
    }
    let space = search.space
    let references = [
      (space.base == nil ? "no steps" : "no CRF", space.unrefined),
      (space.isOneCRF ? space.base?.name ?? "as given" : "as given", space.given),
    ]
    func rows(_ best: [(String, TunedSetting)], part: Int, _ work: Work) throws -> [Row] {
      let all = references + best
      let tallies = try evaluator.tallies(
        of: all.map(\.1), part: part, progress: progress(work))
      return zip(all, tallies).map { Row(title: $0.0, setting: $0.1, tally: $1) }
    }
    let best = result.ranking.prefix(Self.shown).enumerated().map { ("\($0 + 1).", $1.setting) }
    tuned = try rows(best, part: part, .references)
    self.heldOut = try heldOut.map { try rows(Array(best.prefix(1)), part: $0, .heldOut) } ?? []
    self.result = result
    self.objective = objective
    self.space = space
    imageCount = evaluator.parts.count { $0 == part }
  }

  /// What is under way.
  public enum Work: Sendable {
    /// The coarse search, 0, or a refinement of it.
    case round(Int)
    /// What the best settings are compared with.
    case references
    /// The images held out.
    case heldOut
  }

  /// What is odd about the truth of all images together; `nil` where nothing is.
  ///
  /// - Parameter void: the label whose points do not count.
  public func oddity(ignoring void: UInt16) -> TruthOddity? {
    let matrices = (tuned.prefix(1) + heldOut.prefix(1)).map(\.tally.whole)
    guard let classes = matrices.first?.labelCount else { return nil }
    let occurring = (0..<classes).filter { label in
      matrices.contains { $0.occurrences(of: label) > 0 }
    }
    return TruthOddity(
      occurring: Set(occurring.map { UInt16($0) }), ignoring: void, classes: classes)
  }

  /// Whether the best setting is worse than no CRF at all, or no better, by the objective, on the
  /// images held out where there are some.
  public var isNoBetterThanNone: Bool {
    let rows = heldOut.isEmpty ? tuned : heldOut
    guard let none = try? objective.value(of: rows[0].tally),
      let best = try? objective.value(of: rows[2].tally)
    else { return false }
    return best <= none
  }

  /// The best model and how it was found, or the plan with it where there are other steps.
  ///
  /// - Parameters:
  ///   - name: what the model is to be called.
  ///   - author: what has searched, for the model's `source`.
  /// - Throws: `InputError` as `SearchSpace.plan(with:)` does.
  public func best(named name: String, foundBy author: String) throws -> JSONValue {
    guard var model = space.model(of: result.best.setting) else {
      return try space.plan(of: result.best.setting).json
    }
    let filter = model.filter.kind.name
    model.name = name
    model.source =
      "\(author) on \(imageCount) images for \(objective.rawValue)"
      + (filter == FilterKind.registry.names[0] ? "" : " with the \(filter) filter")
    return space.isOneCRF && space.parameters.allSatisfy { $0.term != nil }
      ? model.json : try space.plan(of: result.best.setting, with: model).json
  }
}
