import LatticeSupport
import ToolSupport

/// The refinement of one file.
struct SingleRun {
  let settings: Settings

  init(_ settings: Settings) { self.settings = settings }

  func run() throws {
    let outcome = try settings.refine(settings.files)
    settings.reportOddity(of: outcome.evaluation, isWhole: false)
    if settings.printsJSON {
      try JSONReport(settings).print(outcome)
    } else if !settings.isQuiet {
      try settings.files.plan.print(HumanReport(settings).text(of: outcome))
    }
  }
}
