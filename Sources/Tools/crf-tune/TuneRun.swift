import Evaluation
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
    let outcome = TuneOutcome(
      settings: settings, search: search, seconds: (ContinuousClock.now - start) / .seconds(1),
      madeCount: evaluator.madeCount, resumedCount: evaluator.resumedCount)
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
        let text = try outcome.search.best(named: name, foundBy: "crf-tune").text() + "\n"
        try AtomicOutput.write(to: path) { try $0.write(text) }
      }
    }
    if let path = settings.output.surface, let figure = SurfaceFigure(outcome) {
      let picture = try figure.picture()
      try Interruption.whileWriting { try PNG.write(picture, to: path) }
    }
  }
}

/// What a search came to, and how it went.
struct TuneOutcome {
  let settings: TuneSettings
  let search: SearchOutcome
  let seconds: Double
  let madeCount: Int
  let resumedCount: Int
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
