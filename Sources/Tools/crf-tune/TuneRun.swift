import Evaluation
import Formats
import Lattice
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Tuning
import Unaries

/// A search from its first evaluation to its report.
struct TuneRun {
  private let settings: TuneSettings

  init(_ settings: TuneSettings) { self.settings = settings }

  func run() throws {
    try settings.checkTruth()
    let evaluator = try Evaluator(
      settings.images, parts: settings.parts, conditions: settings.conditions,
      statePath: settings.output.state, parallelism: settings.parallelism,
      isQuiet: settings.output.quiet)
    let start = ContinuousClock.now
    note(resumed: evaluator.resumedCount)
    var round = 0
    let result = try settings.search.run { grid in
      let work = round == 0 ? "the coarse search" : "refinement \(round)"
      round += 1
      return try evaluator.tallies(of: grid, part: TuneSettings.tuned, work: work)
        .map { try settings.objective.value(of: $0) }
    }
    let outcome = try TuneOutcome(
      settings, result, evaluator, seconds: (ContinuousClock.now - start) / .seconds(1))
    if let oddity = outcome.oddity {
      oddity.report(at: settings.truthFolder, naming: settings.conditions.palette.names)
    }
    // A search may have taken hours: its report is printed even where a file cannot be written.
    let written = Result { try write(outcome) }
    if settings.output.json {
      try StandardOutput.print(json: TuneJSON(outcome))
    } else if !settings.output.quiet {
      try settings.plan.print(TuneReport(outcome).text)
    }
    try written.get()
  }

  private func note(resumed count: Int) {
    guard count > 0, !settings.output.quiet, let path = settings.output.state else { return }
    StandardError.write("\(path): goes on after \(count) evaluations\n")
  }

  /// The preset first: a picture that cannot be drawn must not cost it.
  private func write(_ outcome: TuneOutcome) throws {
    if let path = settings.output.output {
      let name = FileSystem.split(FileSystem.name(of: path)).stem
      try Interruption.whileWriting {
        let text = try outcome.best(named: name).text() + "\n"
        try AtomicOutput.write(to: path) { try $0.write(text) }
      }
    }
    if let path = settings.output.surface, let figure = SurfaceFigure(outcome) {
      let picture = try figure.picture()
      try Interruption.whileWriting { try PNG.write(picture, to: path) }
    }
  }
}

/// What a search came to.
struct TuneOutcome {
  /// A setting, and what it comes to on the images that are reported on.
  struct Row {
    let title: String
    let setting: TunedSetting
    let tally: Tally
  }

  let settings: TuneSettings
  let result: CoarseToFineSearch.Result
  let seconds: Double
  let madeCount: Int
  let resumedCount: Int
  /// On the images that were tuned on: no CRF, the model as it was, the best settings.
  let tuned: [Row]
  /// The same on the images that were held out, with the best setting only; empty without any.
  let heldOut: [Row]

  /// Settings of the ranking that are shown.
  private static let shown = 5

  init(
    _ settings: TuneSettings, _ result: CoarseToFineSearch.Result, _ evaluator: Evaluator,
    seconds: Double
  ) throws {
    self.settings = settings
    self.result = result
    let space = settings.search.space
    let references = [
      ("no CRF", space.unrefined), (space.base.name ?? "as given", space.setting(of: space.base)),
    ]
    func rows(_ best: [(String, TunedSetting)], part: Int, work: String) throws -> [Row] {
      let all = references + best
      let tallies = try evaluator.tallies(of: all.map(\.1), part: part, work: work)
      return zip(all, tallies).map { Row(title: $0.0, setting: $0.1, tally: $1) }
    }
    let best = result.ranking.prefix(Self.shown).enumerated().map { ("\($0 + 1).", $1.setting) }
    tuned = try rows(best, part: TuneSettings.tuned, work: "what it is compared with")
    heldOut =
      settings.isHoldout
      ? try rows(Array(best.prefix(1)), part: TuneSettings.heldOut, work: "the images held out")
      : []
    self.seconds = seconds
    madeCount = evaluator.madeCount
    resumedCount = evaluator.resumedCount
  }

  /// What is odd about the truth of all images together.
  var oddity: TruthOddity? {
    let matrices = (tuned.prefix(1) + heldOut.prefix(1)).map(\.tally.whole)
    guard let classes = matrices.first?.labelCount else { return nil }
    let occurring = (0..<classes).filter { label in
      matrices.contains { $0.occurrences(of: label) > 0 }
    }
    return TruthOddity(
      occurring: Set(occurring.map { UInt16($0) }), ignoring: settings.conditions.void,
      classes: classes)
  }

  /// The best model and how it was found, or the plan with it where there are other steps.
  func best(named name: String) throws -> JSONValue {
    let count = settings.parts.count { $0 == TuneSettings.tuned }
    let space = settings.search.space
    var model = space.model(of: result.best.setting)
    let filter = model.filter.kind.name
    model.name = name
    model.source =
      "crf-tune on \(count) images for \(settings.objective.rawValue)"
      + (filter == FilterKind.registry.names[0] ? "" : " with the \(filter) filter")
    return space.isOneCRF ? model.json : try space.plan(with: model).json
  }
}
