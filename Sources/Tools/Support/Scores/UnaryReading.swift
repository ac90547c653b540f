import Support
import Unaries

/// A file of scores or labels, and the image that it belongs to; or the folders of them.
package struct UnaryFiles {
  package var scores: String
  package var image: String?

  package init(scores: String, image: String?) {
    self.scores = scores
    self.image = image
  }
}

/// The energies of one file, and how it was understood.
package struct LoadedUnary {
  package var scene: Scene
  package let summary: UnarySummary
  /// `nil` where there is no image.
  package let image: ImageNotes?
  private var held: EnergyField?

  package init(
    scene: Scene, energies: EnergyField, summary: UnarySummary, image: ImageNotes?
  ) {
    self.scene = scene
    held = energies
    self.summary = summary
    self.image = image
  }

  /// The energies, as long as nobody has taken them.
  package var energies: EnergyField {
    guard let held else { preconditionFailure("the energies are somebody else's by now") }
    return held
  }

  /// Hands the energies on, so that their next owner may be their only one and overwrite them.
  package mutating func takeEnergies() -> EnergyField {
    defer { held = nil }
    return energies
  }
}

/// What a file of scores or labels held.
package struct UnarySummary {
  /// The grid of the scores themselves.
  package var grid: GridShape
  /// How they were read on the scene; `nil` where they have its size.
  package var resampling: Resampling?

  package init(grid: GridShape, resampling: Resampling?) {
    self.grid = grid
    self.resampling = resampling
  }
}

extension UnarySettings {
  /// Reads `files` and makes the energies; the scores are given up before this returns.
  ///
  /// The scores come first: they say how many axes an image has that is an array.
  /// - Parameter hasTiles: whether the program can refine an image in tiles, for messages.
  package func load(
    _ files: UnaryFiles, parallelism: Parallelism, hasTiles: Bool = true,
    stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    guard let scoreKind = kind.scoreKind else {
      return try loadLabels(files, parallelism, hasTiles: hasTiles, stopwatch: &stopwatch)
    }
    let reading = files.image.map { ImageReading($0, layout: imageLayout, self.picture) }
    let (scoresOrError, picture) = stopwatch.measure(.read) {
      parallelism.both({ Result { try readScores(files) } }, { reading?.picture() })
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
          return try reading.read(with: ImageReading.Companion(shape), picture: picture)
        }
      }
      let scene = image.map { Scene($0.image) } ?? Scene(grid: scores.nativeGrid)
      try Self.checkMemory(scene.grid, scores.labelCount, hasTiles: hasTiles)
      return LoadedUnary(
        scene: scene,
        energies: try stopwatch.measure(.unary) { try scores.energies(for: scene) },
        summary: UnarySummary(
          grid: scores.nativeGrid, resampling: try scores.resampling(to: scene.grid)),
        image: image?.notes)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  private static func checkMemory(_ grid: GridShape, _ labelCount: Int, hasTiles: Bool) throws {
    try MemoryCheck.check(
      grid, labelCount: labelCount,
      remedy: hasTiles && grid.rank == 2
        ? "refine it in tiles, as with --tile 2048" : "cut it into parts")
  }

  private func readScores(_ files: UnaryFiles) throws -> NumericArray {
    try explainingSlips(files) { try ArrayFile.read(files.scores, member: member) }
  }

  /// The scores, to be read a box at a time.
  package func openScores(_ files: UnaryFiles) throws -> any BoxSource {
    try explainingSlips(files) { try ArrayFile.boxes(files.scores, member: member) }
  }

  private func explainingSlips<Result>(_ files: UnaryFiles, _ read: () throws -> Result) throws
    -> Result
  {
    do {
      return try read()
    } catch let error as InputError {
      guard error.kind == .data, (try? ImageFile.isPicture(files.scores)) == true else {
        throw error
      }
      // The commonest slip; but a label map is a picture too.
      let isSwapped = files.image.flatMap { try? ImageFile.isArray($0) } == true
      throw InputError(
        .data, at: files.scores, "is a picture, but --unary takes an array of scores",
        remedy: isSwapped
          ? "--unary and --image look swapped" : "for a label map, add --unary-kind labels")
    }
  }

  private func loadLabels(
    _ files: UnaryFiles, _ parallelism: Parallelism, hasTiles: Bool,
    stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    let map = try stopwatch.measure(.read) { try LabelFile.read(files.scores, palette: palette) }
    let image = try stopwatch.measure(.read) {
      try files.image.map { path in
        try ImageReading(path, layout: imageLayout, picture)
          .read(with: ImageReading.Companion(labels: map.grid))
      }
    }
    do {
      return try stopwatch.measure(.unary) {
        let unary = try LabelUnary(
          map, labelCount: labelCount, confidence: confidence, unknown: unknown,
          parallelism: parallelism)
        let scene = image.map { Scene($0.image) } ?? Scene(grid: map.grid)
        try Self.checkMemory(scene.grid, labelCount, hasTiles: hasTiles)
        return LoadedUnary(
          scene: scene, energies: try unary.energies(for: scene),
          summary: UnarySummary(grid: map.grid, resampling: nil), image: image?.notes)
      }
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }
}
