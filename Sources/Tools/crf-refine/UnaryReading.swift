import Support
import Unaries

/// The energies of one file, and how it was understood.
struct LoadedUnary {
  var scene: Scene
  var energies: EnergyField
  var summary: UnarySummary
}

/// What a file of scores or labels held.
struct UnarySummary {
  /// The grid of the scores themselves.
  var grid: GridShape
  /// How they were read on the scene; `nil` where they have its size.
  var resampling: Resampling?
}

extension UnarySettings {
  /// Reads the files of `job` and makes the energies; the scores are given up before this returns.
  func load(
    _ job: Job, parallelism: Parallelism, stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    let image = try stopwatch.measure(.read) { try job.image.map(ImageFile.read) }
    do {
      guard let scoreKind = kind.scoreKind else {
        return try loadLabels(job.unary, image, parallelism, stopwatch: &stopwatch)
      }
      let array = try stopwatch.measure(.read) {
        try ArrayFile.read(job.unary, member: member)
      }
      let unary = try stopwatch.measure(.unary) {
        try ScoreMapUnary(
          array, kind: scoreKind, layout: layout, alignCorners: alignCorners,
          parallelism: parallelism)
      }
      let scene = image.map { Scene($0) } ?? Scene(grid: unary.nativeGrid)
      return LoadedUnary(
        scene: scene,
        energies: try stopwatch.measure(.unary) { try unary.energies(for: scene) },
        summary: UnarySummary(
          grid: unary.nativeGrid, resampling: try unary.resampling(to: scene.grid)))
    } catch let error as InputError {
      throw error.at(job.unary)
    }
  }

  private func loadLabels(
    _ path: String, _ image: Image?, _ parallelism: Parallelism, stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    let map = try stopwatch.measure(.read) { try LabelFile.read(path, palette: palette) }
    return try stopwatch.measure(.unary) {
      let unary = try LabelUnary(
        map, labelCount: labelCount, confidence: confidence, unknown: unknown,
        parallelism: parallelism)
      let scene = image.map { Scene($0) } ?? Scene(grid: map.grid)
      return LoadedUnary(
        scene: scene, energies: try unary.energies(for: scene),
        summary: UnarySummary(grid: map.grid, resampling: nil))
    }
  }
}
