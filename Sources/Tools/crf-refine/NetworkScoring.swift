import LatticeSupport
import ToolSupport
import Unaries

extension LoadedNetwork {
  /// Scores the image of `job` and makes the energies; the scores are given up before this returns.
  func load(
    _ job: Job, _ settings: PictureSettings, isQuiet: Bool, stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    let image = try stopwatch.measure(.read) {
      try settings.photograph(job.subject, comparedWith: job.groundTruth)
    }
    let scene = Scene(image.image)
    let scores = try scorer.scores(
      for: image, at: job.subject, isQuiet: isQuiet, stopwatch: &stopwatch)
    return LoadedUnary(
      scene: scene,
      energies: try scorer.energies(
        of: scores, for: scene, at: job.subject, stopwatch: &stopwatch),
      summary: UnarySummary(grid: scene.grid, resampling: nil), image: image.notes)
  }
}
