import Support
import ToolSupport
import Unaries

/// The energies of one file, and how it was understood.
struct LoadedUnary {
  var scene: Scene
  let summary: UnarySummary
  private var held: EnergyField?

  init(scene: Scene, energies: EnergyField, summary: UnarySummary) {
    self.scene = scene
    held = energies
    self.summary = summary
  }

  /// The energies, as long as nobody has taken them.
  var energies: EnergyField {
    guard let held else { preconditionFailure("the energies are somebody else's by now") }
    return held
  }

  /// Hands the energies on, so that their next owner may be their only one and overwrite them.
  mutating func takeEnergies() -> EnergyField {
    defer { held = nil }
    return energies
  }
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
  ///
  /// The scores come first: they say how many axes an image has that is an array.
  func load(
    _ job: Job, parallelism: Parallelism, stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    guard let scoreKind = kind.scoreKind else {
      return try loadLabels(job, parallelism, stopwatch: &stopwatch)
    }
    let reading = job.image.map { ImageReading($0, layout: imageLayout) }
    let (scoresOrError, picture) = stopwatch.measure(.read) {
      parallelism.both({ Result { try readScores(job) } }, { reading?.picture() })
    }
    let array = try scoresOrError.get()
    do {
      let scores = try stopwatch.measure(.unary) {
        try ScoreMapUnary(
          array, kind: scoreKind, layout: layout, alignCorners: alignCorners,
          parallelism: parallelism)
      }
      let image = try stopwatch.measure(.read) {
        try reading.map { reading in
          let shape = try ScoreShape(array.shape, layout: layout)
          return try reading.read(
            rank: shape.grid.rank, picture: picture, fits: shape.fits)
        }
      }
      let scene = image.map { Scene($0) } ?? Scene(grid: scores.nativeGrid)
      try Self.checkMemory(scene.grid, scores.labelCount)
      return LoadedUnary(
        scene: scene,
        energies: try stopwatch.measure(.unary) { try scores.energies(for: scene) },
        summary: UnarySummary(
          grid: scores.nativeGrid, resampling: try scores.resampling(to: scene.grid)))
    } catch let error as InputError {
      throw error.at(job.subject)
    }
  }

  private static func checkMemory(_ grid: GridShape, _ labelCount: Int) throws {
    try MemoryCheck.check(
      grid, labelCount: labelCount,
      remedy: grid.rank == 2 ? "refine it in tiles, as with --tile 2048" : "cut it into parts")
  }

  private func readScores(_ job: Job) throws -> NumericArray {
    try explainingSlips(job) { try ArrayFile.read(job.subject, member: member) }
  }

  /// The scores, to be read a box at a time.
  func openScores(_ job: Job) throws -> any BoxSource {
    try explainingSlips(job) { try ArrayFile.boxes(job.subject, member: member) }
  }

  private func explainingSlips<Result>(_ job: Job, _ read: () throws -> Result) throws -> Result {
    do {
      return try read()
    } catch let error as InputError {
      guard error.kind == .data, (try? ImageFile.isPicture(job.subject)) == true else {
        throw error
      }
      // The commonest slip; but a label map is a picture too.
      let isSwapped = job.image.flatMap { try? ImageFile.isArray($0) } == true
      throw InputError(
        .data, at: job.subject, "is a picture, but --unary takes an array of scores",
        remedy: isSwapped
          ? "--unary and --image look swapped" : "for a label map, add --unary-kind labels")
    }
  }

  private func loadLabels(
    _ job: Job, _ parallelism: Parallelism, stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    let map = try stopwatch.measure(.read) { try LabelFile.read(job.subject, palette: palette) }
    let image = try stopwatch.measure(.read) {
      try job.image.map { path in
        try ImageReading(path, layout: imageLayout).read(rank: map.grid.rank) {
          $0 == map.grid
        }
      }
    }
    do {
      return try stopwatch.measure(.unary) {
        let unary = try LabelUnary(
          map, labelCount: labelCount, confidence: confidence, unknown: unknown,
          parallelism: parallelism)
        let scene = image.map { Scene($0) } ?? Scene(grid: map.grid)
        try Self.checkMemory(scene.grid, labelCount)
        return LoadedUnary(
          scene: scene, energies: try unary.energies(for: scene),
          summary: UnarySummary(grid: map.grid, resampling: nil))
      }
    } catch let error as InputError {
      throw error.at(job.subject)
    }
  }
}
