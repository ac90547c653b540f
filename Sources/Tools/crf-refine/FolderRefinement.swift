import Evaluation
import Foundation
import LatticeSupport
import MeanField
import ToolSupport

/// The refinement of every file in a folder.
struct FolderRefinement {
  private let settings: Settings
  private var refined: [Outcome] = []
  private var evaluation: EvaluationCounts?
  private var images = ComparedImages()
  /// Where the files are frames.
  private var sequence: SequenceRefinement?

  init(_ settings: Settings) { self.settings = settings }

  mutating func run() throws {
    var plan = try settings.matchFolders()
    if settings.sequence != nil { plan = try plan.inOrderOfFrames() }
    if let choice = settings.sequence {
      sequence = try SequenceRefinement(plan, choice, settings)
    }
    try FolderRun.prepare(
      outputs: settings.files.plan.outputs,
      inputs: settings.files.plan.inputs + [settings.sequence?.flow?.folder].compactMap { $0 })
    var run = FolderRun(
      of: "crf-refine", resumes: settings.resumes, isQuiet: settings.isQuiet, shard: settings.shard)
    let files = settings.files
    try run.run(plan) {
      files.inside($0).plan.outputs
    } _: { entry in
      try note(sequence?.refine(entry) ?? refine(entry))
    }
    settings.reportOddity(of: evaluation, isWhole: settings.shard == nil)
    // The work may have taken hours: it is reported even where a figure cannot be written.
    let drawn = Result { try draw(run) }
    try report(run)
    try drawn.get()
    run.exitOnFailure()
  }

  private func refine(_ entry: FolderMatch.Entry) throws -> Outcome {
    var settings = settings
    settings.plan = settings.plan.forStem(entry.stem)
    return try Refiner(settings.files.inside(entry), settings).refine()
  }

  private mutating func note(_ outcome: Outcome) throws -> String {
    var outcome = outcome
    if let comparison = outcome.comparison { images.add(comparison) }
    outcome.comparison = nil
    if let figures = outcome.evaluation { try add(figures, of: outcome.job) }
    refined.append(outcome)
    return String(
      format: "%.2f %% of the pixels changed, %.2f s", 100 * outcome.changedShare,
      outcome.stopwatch.total / 1000)
  }

  private mutating func add(_ figures: EvaluationCounts, of job: Job) throws {
    guard evaluation != nil else {
      evaluation = figures
      return
    }
    guard let count = evaluation?.before.labelCount, count == figures.before.labelCount else {
      throw InputError(
        .data, at: job.subject,
        "has \(figures.before.labelCount) labels, but the files before have "
          + "\(evaluation?.before.labelCount ?? 0): their IOUs do not add up",
        remedy: "refine files of other labels in a run of their own")
    }
    evaluation? += figures
  }

  private func draw(_ run: FolderRun) throws {
    if let path = settings.figures.comparison, let sheet = images.sheet(settings.palette) {
      try Interruption.whileWriting { try sheet.drawing.write(to: path) }
    }
    if let path = settings.figures.report {
      try RefinePage(
        settings: settings, outcomes: refined, evaluation: evaluation, images: images,
        failures: run.failed, flicker: sequence?.flicker
      ).write(to: path)
    }
  }

  private func report(_ run: FolderRun) throws {
    if settings.printsJSON {
      try JSONReport(settings).print(
        refined: refined, run, evaluation: evaluation, flicker: sequence?.flicker)
    } else if !settings.isQuiet {
      try HumanReport(settings).print(
        refined: refined, run, evaluation: evaluation, flicker: sequence?.flicker)
    }
  }
}
