import Foundation
import MeanField
import Support
import ToolSupport

/// The refinement of every file in a folder: one that fails is reported, and the rest goes on.
struct FolderRun {
  private let settings: Settings
  private var refined: [Outcome] = []
  private var skipped: [String] = []
  private var failed: [JSONFailure] = []
  private var evaluation: Evaluation?

  init(_ settings: Settings) { self.settings = settings }

  mutating func run() throws {
    let plan = try FolderPlan(settings.files, kind: settings.unary.kind)
    try prepareOutputs()
    var progress = Progress(total: plan.entries.count, isQuiet: settings.isQuiet)
    for entry in plan.entries {
      do {
        try refine(entry, &progress)
      } catch let error as InputError {
        progress.clear()
        ErrorReport.print(error, of: "crf-refine")
        failed.append(
          JSONFailure(
            file: entry.job.unary, error: error.description,
            exitCode: ErrorReport.code(of: error)))
        progress.finish(entry.name, "failed")
      }
    }
    progress.clear()
    try report()
    if let first = failed.first { exit(first.exitCode) }
  }

  private mutating func refine(_ entry: FolderPlan.Entry, _ progress: inout Progress) throws {
    if let error = entry.error { throw error }
    if settings.resumes, entry.job.outputs.allSatisfy(FileSystem.exists) {
      skipped.append(entry.job.unary)
      progress.finish(entry.name, "finished before")
      return
    }
    var settings = settings
    settings.kernels = try settings.kernels.map { try $0.forStem(of: entry.name) }
    let outcome = try settings.refine(entry.job)
    if let figures = outcome.evaluation { try add(figures, of: entry.job) }
    refined.append(outcome)
    progress.finish(
      entry.name,
      String(
        format: "%.2f %% of the pixels changed, %.2f s", 100 * outcome.changedShare,
        outcome.stopwatch.total / 1000))
  }

  private mutating func add(_ figures: Evaluation, of job: Job) throws {
    guard evaluation != nil else {
      evaluation = figures
      return
    }
    guard let count = evaluation?.after.labelCount, count == figures.after.labelCount else {
      throw InputError(
        .data, at: job.unary,
        "has \(figures.after.labelCount) labels, but the files before have "
          + "\(evaluation?.after.labelCount ?? 0): their IOUs do not add up",
        remedy: "refine files of other labels in a run of their own")
    }
    evaluation? += figures
  }

  private func prepareOutputs() throws {
    let folders = settings.files
    // Names inside are the same for all, so folders that are the same would mix or destroy files.
    try OutputCheck.checkDistinct(folders.outputs, inputs: folders.inputs)
    for folder in folders.outputs {
      try FileSystem.makeFolder(folder)
      try OutputCheck.checkCreation(of: folder + "/output.png")
    }
  }

  private func report() throws {
    if settings.printsJSON {
      try JSONReport(settings).print(
        refined: refined, skipped: skipped, failed: failed, evaluation: evaluation)
    } else if !settings.isQuiet {
      try HumanReport(settings).print(
        refined: refined, skipped: skipped.count, failed: failed.count, evaluation: evaluation)
    }
  }
}

extension KernelDescription {
  /// The kernel with files of the same stem as `name` where it names folders.
  fileprivate func forStem(of name: String) throws -> KernelDescription {
    let stem = FileSystem.split(name).stem
    return replacingFiles { path in
      guard FileSystem.isFolder(path) else { return path }
      let endings = ["npy", "npz"]
      return endings.map { "\(path)/\(stem).\($0)" }.first(where: FileSystem.exists)
        ?? "\(path)/\(stem).npy"
    }
  }
}
