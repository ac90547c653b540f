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
  /// - Parameters:
  ///   - given: the image, where it has been read; else that of `files` is read, with its rows as
  ///     the scores', if there is one.
  ///   - hasTiles: whether the program can refine an image in tiles, for messages.
  package func load(
    _ files: UnaryFiles, over given: LoadedImage? = nil, parallelism: Parallelism,
    hasTiles: Bool = true, stopwatch: inout Stopwatch
  ) throws -> LoadedUnary {
    guard kind != .labels else {
      return try loadLabels(files, parallelism, hasTiles: hasTiles, stopwatch: &stopwatch)
    }
    let reading = given == nil ? imageReading(files) : nil
    let (scoresOrError, picture) = stopwatch.measure(.read) {
      parallelism.both({ Result { try readScores(files) } }, { reading?.picture() })
    }
    let array = try scoresOrError.get()
    do {
      // Axes first: along other axes than an array has, no number of it means anything.
      let axes = try axes(
        of: array.shape, given.map { Self.grids($0.image.grid) } ?? reading?.grids(picture: picture)
      )
      axes.reportDropped(at: files.scores)
      if let given {
        try given.notes.orientation?.check(
          "scores", over: given.image.grid, fits: axes.form.fits)
      }
      let image =
        try given
        ?? stopwatch.measure(.read) {
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

  /// How many labels the scores of a file are of; nothing but their shape is looked at.
  ///
  /// - Parameter files: with the image that they belong to.
  /// - Throws: `InputError` naming the file, where they are not scores.
  package func labelCount(of files: UnaryFiles) throws -> Int {
    do {
      return try axes(of: openScores(files).shape, imageReading(files)?.grids()).form.labelCount
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  private func imageReading(_ files: UnaryFiles) -> ImageReading? {
    files.image.map { ImageReading($0, layout: imageLayout, picture) }
  }

  private static func grids(_ grid: GridShape) -> (_ rank: Int) -> GridShape? {
    { $0 == grid.rank ? grid : nil }
  }

  private func axes(of shape: [Int], _ image: ((Int) -> GridShape?)?) throws -> ScoreAxes {
    try ScoreAxes(shape, layout: layout, isForeground: isBinary, image: image)
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
  private func arranged(
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

  private func openScores(_ files: UnaryFiles) throws -> any BoxSource {
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
      try imageReading(files)?.read(with: ImageReading.Companion(labels: map.grid))
    }
    do {
      return try stopwatch.measure(.unary) {
        let unary = try unary(of: map, parallelism)
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

  private func unary(of labels: LabelMap, _ parallelism: Parallelism) throws -> LabelUnary {
    try LabelUnary(
      labels, labelCount: labelCount, confidence: confidence, unknown: unknown,
      parallelism: parallelism)
  }

  // MARK: By regions

  /// Opens `files` over a grid of two axes, to be read a region at a time.
  ///
  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  package func open(_ files: UnaryFiles, parallelism: Parallelism) throws -> OpenedUnary {
    do {
      return kind == .labels
        ? try opened(labels: LabelFile.regions(files.scores, as: reading), files, parallelism)
        : try opened(scores: openScores(files), files, parallelism)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  private func opened(
    scores: any BoxSource, _ files: UnaryFiles, _ parallelism: Parallelism
  ) throws -> OpenedUnary {
    let reading = imageReading(files)
    let axes = try axes(of: scores.shape, reading?.grids())
    let shape = axes.form
    // Scores of other axes than a picture's are refused as without tiles, which says how to mend
    // them.
    guard try shape.grid.rank == 2 || files.image.map(ImageFile.isPicture) == true else {
      throw InputError(
        .usage, at: "--tile", "cuts images, but the scores lie on a grid of \(shape.grid)",
        remedy: "leave it out")
    }
    axes.reportDropped(at: files.scores)
    let image = try reading?.regions(with: ImageReading.Companion(shape))
    let grid = image?.regions.grid ?? shape.grid
    _ = try shape.resampling(to: grid, alignCorners: alignCorners)
    let regions = try ScoreRegions(
      arranged(scores, axes, files), over: grid, kind: kind.scoreKind ?? .logits,
      layout: shape.layout, normalizes: normalizes && !isBinary, alignCorners: alignCorners,
      parallelism: parallelism)
    return OpenedUnary(
      grid: grid, image: image, energies: regions, labelCount: shape.labelCount,
      summary: UnarySummary(grid: shape.grid, resampling: regions.resampling))
  }

  private func opened(
    labels: any RegionSource<LabelMap>, _ files: UnaryFiles, _ parallelism: Parallelism
  ) throws -> OpenedUnary {
    let image = try imageReading(files)?
      .regions(with: ImageReading.Companion(labels: labels.grid))
    if let image { try LabelUnary.check(labels.grid, fits: image.regions.grid) }
    return OpenedUnary(
      grid: labels.grid, image: image,
      energies: LabelEnergyRegions(labels) { try unary(of: $0, parallelism) },
      labelCount: labelCount, summary: UnarySummary(grid: labels.grid, resampling: nil))
  }
}

/// The files of one scene, opened to be read a region at a time.
package struct OpenedUnary {
  /// Of two axes.
  package let grid: GridShape
  /// `nil` where there is no image.
  package let image: ImageReading.Opened?
  package let energies: any RegionSource<EnergyField>
  package let labelCount: Int
  package let summary: UnarySummary

  /// The points of a region, and the image over them.
  ///
  /// - Throws: `InputError` where the image cannot be read there.
  package func scene(_ region: GridRegion) throws -> Scene {
    Scene(
      grid: region.grid, image: try image.map { try $0.regions.read(region) },
      origin: [region.rows.lowerBound, region.columns.lowerBound])
  }
}
