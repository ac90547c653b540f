import Evaluation
import Figures
import Formats
import LatticeSupport
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
    let evaluator = try settings.evaluator()
    let start = ContinuousClock.now
    note(resumed: evaluator.resumedCount)
    let search = try OptionCheck.naming("--ground-truth") { try self.search(evaluator) }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let learned = try settings.learning.map { try LearnResult($0, from: search, settings) }
    let plan =
      try learned?.outcome.plan ?? settings.search.space.plan(of: search.result.best.setting)
    let cleanUp = try settings.cleanUps.isEmpty ? nil : CleanUp(plan, settings)
    let outcome = TuneOutcome(
      settings: settings, search: search, best: cleanUp?.outcome.plan ?? plan, learned: learned,
      cleanUp: cleanUp, seconds: seconds, madeCount: evaluator.madeCount,
      resumedCount: evaluator.resumedCount)
    if let oddity = search.oddity(ignoring: settings.void) {
      oddity.report(at: settings.folders.truth, naming: settings.palette.names)
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

  private func search(_ evaluator: Evaluator) throws -> SearchOutcome {
    var shown: InferenceProgress?
    defer { shown?.clear() }
    return try SearchOutcome(
      of: settings.search, for: settings.objective, by: evaluator, on: TuneSettings.tuned,
      heldOut: settings.isHoldout ? TuneSettings.heldOut : nil
    ) { work in
      shown?.clear()
      guard !settings.output.quiet else { return nil }
      let progress = InferenceProgress(of: work.words)
      shown = progress
      return { progress.show($0) }
    }
  }

  private func note(resumed count: Int) {
    guard count > 0, !settings.output.quiet, let path = settings.output.state else { return }
    StandardError.write("\(path): goes on after \(count) evaluations\n")
  }

  /// The preset first: a picture that cannot be drawn must not cost it.
  private func write(_ outcome: TuneOutcome) throws {
    if let path = settings.output.output {
      let name = FolderListing.split(path).stem
      try Interruption.whileWriting {
        let best =
          try outcome.learned?.best(named: name, in: settings)
          ?? outcome.search.best(named: name, foundBy: "crf-tune")
        let text = try outcome.cleanUp?.plan(after: best).json.text() ?? best.text()
        try AtomicOutput.write(to: path) { try $0.write(text + "\n") }
      }
    }
    if let learned = outcome.learned {
      for path in settings.curves { try write(LearnCurve(learned.outcome), learned, to: path) }
    }
    if let path = settings.output.surface, let figure = SurfaceFigure(outcome) {
      try Interruption.whileWriting { try figure.heatMap.drawing.write(to: path) }
    }
    if let path = settings.output.report {
      let page = try TunePage(outcome, plan: outcome.best).page
      try Interruption.whileWriting { try page.write(to: path) }
    }
  }

  private func write(_ curve: LearnCurve, _ learned: LearnResult, to path: String) throws {
    guard FolderListing.split(path).ending == "csv" else {
      return try Interruption.whileWriting { try curve.drawing.write(to: path) }
    }
    let table = curve.table(learned.outcome.parameters)
    try Interruption.whileWriting {
      try AtomicOutput.write(to: path) { try $0.write(table) }
    }
  }
}

/// What a search came to, and how it went.
struct TuneOutcome {
  let settings: TuneSettings
  let search: SearchOutcome
  /// The best that was found or learned, with the clean-ups that pay.
  let best: Plan
  /// `nil` where nothing was learned.
  let learned: LearnResult?
  /// `nil` where no clean-ups were tried.
  let cleanUp: CleanUp?
  let seconds: Double
  let madeCount: Int
  let resumedCount: Int
}

/// Which clean-ups pay behind the best plan, and what they come to.
struct CleanUp {
  let outcome: CleanUpSearch.Outcome
  /// Without and with those that pay, on the images held out; `nil` where there are none.
  let heldOut: (before: Tally, after: Tally)?

  /// - Throws: `InputError` of an image that cannot be read, or of a filter that cannot be made.
  init(_ plan: Plan, _ settings: TuneSettings) throws {
    let progress = settings.output.quiet ? nil : InferenceProgress(of: "clean-ups")
    defer { progress?.clear() }
    let deciding = settings.cleanUpSearch(part: TuneSettings.tuned)
    let outcome = try deciding.run(settings.cleanUps, after: plan) { progress?.show($0) }
    self.outcome = outcome
    guard settings.isHoldout else {
      heldOut = nil
      return
    }
    let others = settings.cleanUpSearch(part: TuneSettings.heldOut)
    heldOut = try (
      others.tallies(after: plan).unfiltered, others.tallies(after: outcome.plan).unfiltered
    )
  }

  /// The best model or plan, as it is written, and the clean-ups behind it.
  func plan(after best: JSONValue) throws -> Plan {
    let plan = try Plan(json: best)
    return try Plan(steps: plan.steps + outcome.plan.steps.dropFirst(plan.steps.count))
  }
}

extension SearchOutcome.Work {
  /// For the progress.
  fileprivate var words: String {
    switch self {
    case .round(0): "the coarse search"
    case .round(let refinement): "refinement \(refinement)"
    case .references: "what it is compared with"
    case .heldOut: "the images held out"
    }
  }
}
