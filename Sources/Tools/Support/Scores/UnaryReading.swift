import Formats
import LatticeSupport
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
    guard kind != .labels else {
      return try loadLabels(files, parallelism, hasTiles: hasTiles, stopwatch: &stopwatch)
    }
    let reading = files.image.map { ImageReading($0, layout: imageLayout, self.picture) }
    let (scoresOrError, picture) = stopwatch.measure(.read) {
      parallelism.both({ Result { try readScores(files) } }, { reading?.picture() })
    }
    let array = try scoresOrError.get()
    do {
      // Axes first: along other axes than an array has, no number of it means anything.
      let axes = try ScoreAxes(
        array.shape, layout: layout, isForeground: isBinary,
        image: reading?.grids(picture: picture))
      axes.reportDropped(at: files.scores)
      let image = try stopwatch.measure(.read) {
        try reading?.read(with: ImageReading.Companion(axes.form), picture: picture)
      }
      let scene = image.map { Scene($0.image) } ?? Scene(grid: axes.form.grid)
      _ = try axes.form.resampling(to: scene.grid, alignCorners: alignCorners)
      let scores = try stopwatch.measure(.unary) {
        try unary(array, axes, files, parallelism)
      }
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

  /// The energies of the scores in a file over an image that has been read.
  ///
  /// - Throws: `InputError` naming the file, where it cannot be used.
  package func energies(
    _ path: String, for loaded: LoadedImage, parallelism: Parallelism,
    stopwatch: inout Stopwatch
  ) throws -> EnergyField {
    let image = loaded.image
    let files = UnaryFiles(scores: path, image: nil)
    let array = try stopwatch.measure(.read) { try readScores(files) }
    do {
      let axes = try ScoreAxes(
        array.shape, layout: layout, isForeground: isBinary,
        image: { $0 == image.grid.rank ? image.grid : nil })
      axes.reportDropped(at: path)
      try loaded.notes.orientation?.check("scores", over: image.grid, fits: axes.form.fits)
      _ = try axes.form.resampling(to: image.grid, alignCorners: alignCorners)
      return try stopwatch.measure(.unary) {
        try unary(array, axes, files, parallelism).energies(for: Scene(image))
      }
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  private func unary(
    _ array: NumericArray, _ axes: ScoreAxes, _ files: UnaryFiles, _ parallelism: Parallelism
  ) throws -> ScoreMapUnary {
    let arranged = try arranged(array, axes, files)
    // Most arrays are as they should be, and need no copy.
    let isAsStored = axes.dropped.isEmpty && !axes.isForeground
    return try ScoreMapUnary(
      isAsStored ? array : arranged.array(), kind: kind.scoreKind ?? .logits,
      layout: axes.form.layout, normalizes: normalizes && !isBinary, alignCorners: alignCorners,
      parallelism: parallelism)
  }

  /// The scores of a file along the axes that were found, with a warning where they seem to be
  /// something else than logits and nobody has said that they are.
  ///
  /// - Throws: `InputError` where they cannot be looked at.
  package func arranged(
    _ scores: any BoxSource, _ axes: ScoreAxes, _ files: UnaryFiles
  ) throws -> ArrangedScores {
    let scoreKind = kind.scoreKind ?? .logits
    let arranged = ArrangedScores(
      scores, axes: axes,
      foreground: try isBinary
        ? ForegroundChannel(kind: scoreKind, one: normalizes ? one(of: files) : nil)
        : ForegroundChannel(kind: .logits))
    if !isKindChosen, !isBinary {
      try ScoreSuspicion(logits: arranged, form: axes.form)?.report(at: files.scores)
    }
    return arranged
  }

  /// The number that stands for the probability 1 in a single channel.
  private func one(of files: UnaryFiles) throws -> Float {
    switch try ArrayFile.number(files.scores, member: member) {
    case .uint8: 255
    case .uint16: 65535
    default: 1
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
        .data, at: files.scores, "is a picture, but \(option) takes an array of scores",
        remedy: isSwapped
          ? "--unary and --image look swapped"
          : "for a label map, add \(set: .scoreKind(.labels))")
    }
  }

  private func loadLabels(
    _ files: UnaryFiles, _ parallelism: Parallelism, hasTiles: Bool,
    stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    let map = try stopwatch.measure(.read) { try LabelFile.read(files.scores, as: reading) }
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
