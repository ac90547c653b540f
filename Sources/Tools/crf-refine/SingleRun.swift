import Support
import ToolSupport

/// The refinement of one file.
struct SingleRun {
  let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func run() throws {
    let outcome = try settings.refine(settings.files)
    if settings.printsJSON {
      try JSONReport(settings).print(outcome)
    } else if !settings.isQuiet {
      // What is written to standard output must stay what it is.
      let isTaken = settings.files.outputs.contains(where: FileSystem.isStandardOutput)
      try HumanReport(settings).print(outcome, toStandardError: isTaken)
    }
  }
}
