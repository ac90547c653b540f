import Support
import ToolSupport
import Unaries

extension LoadedNetwork {
  /// Scores the image of `job` and makes the energies; the scores are given up before this returns.
  func load(_ job: Job, isQuiet: Bool, stopwatch: inout Stopwatch) throws -> LoadedUnary {
    let image = try stopwatch.measure(.read) { try ImageFile.read(job.subject) }
    let scene = Scene(image)
    let scores = try scorer.scores(
      for: image, at: job.subject, isQuiet: isQuiet, stopwatch: &stopwatch)
    return LoadedUnary(
      scene: scene,
      energies: try scorer.energies(
        of: scores, for: scene, at: job.subject, stopwatch: &stopwatch),
      summary: UnarySummary(grid: scene.grid, resampling: nil))
  }
}
