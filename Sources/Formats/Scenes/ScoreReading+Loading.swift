import LatticeSupport
import Unaries

extension ScoreReading {
  /// Reads `files` and makes the energies; the scores are given up before this returns.
  ///
  /// The scores come first: they say how many axes an image has that is an array. Axes of length 1
  /// are left out where the rest fits the image. The image's rows are taken as the scores' are.
  ///
  /// - Parameters:
  ///   - files: of one scene.
  ///   - given: the image, where it has been read; else that of `files` is read, if there is one.
  ///   - canTile: whether whoever asks can refine an image in tiles, for messages.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` naming the file that cannot be read, is something else, or does not fit
  ///   the others; where energies and marginals would not fit into memory.
  /// - Complexity: O(N·L) for N points of L labels.
  public func load(
    _ files: ScoreFiles, over given: LoadedImage? = nil, canTile: Bool = false,
    parallelism: Parallelism = .automatic
  ) throws -> LoadedScores {
    guard kind != .labels else { return try loadLabels(files, parallelism, canTile: canTile) }
    var times = Stopwatch()
    let file = given == nil ? sceneImage(files) : nil
    let (scoresOrError, picture) = times.measure(.read) {
      parallelism.both({ Result { try readScores(files) } }, { file?.picture() })
    }
    let array = try scoresOrError.get()
    do {
      // Axes first: along other axes than an array has, no number of it means anything.
      let axes = try axes(
        of: array.shape, given.map { Self.grids($0.image.grid) } ?? file?.grids(picture: picture)
      )
      axes.reportDropped(at: files.scores)
      if let given {
        try given.notes.orientation?.check(
          "scores", over: given.image.grid, fits: axes.form.fits)
      }
      let image =
        try given
        ?? times.measure(.read) {
          try file?.read(with: SceneImage.Companion(axes.form), picture: picture)
        }
      let scene = image.map { Scene($0.image) } ?? Scene(grid: axes.form.grid)
      _ = try axes.form.resampling(to: scene.grid, alignCorners: alignCorners)
      let scores = try times.measure(.unary) { try unary(array, axes, files, parallelism) }
      try Self.checkMemory(scene.grid, scores.labelCount, canTile: canTile)
      let merged = try merged(scores, files, over: scene, &times, parallelism)
      let energies = try times.measure(.unary) { try merged.energies(for: scene) }
      return LoadedScores(
        scene: scene, energies: energies,
        summary: ScoreSummary(
          grid: scores.nativeGrid, resampling: try scores.resampling(to: scene.grid)),
        image: image?.notes, times: times)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  /// The scores with those of the other files; themselves where there are none.
  private func merged(
    _ scores: ScoreMapUnary, _ files: ScoreFiles, over scene: Scene, _ times: inout Stopwatch,
    _ parallelism: Parallelism
  ) throws -> any Unary {
    guard !files.others.isEmpty else { return scores }
    var members: [any Unary] = [scores]
    for path in files.others {
      let file = ScoreFiles(scores: path, image: files.image)
      let array = try times.measure(.read) { try readScores(file) }
      do {
        let axes = try axes(of: array.shape, Self.grids(scene.grid))
        _ = try axes.form.resampling(to: scene.grid, alignCorners: alignCorners)
        let member = try times.measure(.unary) { try unary(array, axes, file, parallelism) }
        guard member.labelCount == scores.labelCount else {
          throw InputError(
            .data,
            "has scores of \(member.labelCount) labels, but those that they are merged with have "
              + "\(scores.labelCount)", remedy: "merge scores of the same labels")
        }
        members.append(member)
      } catch let error as InputError {
        throw error.at(path)
      }
    }
    return try EnsembleUnary(
      members, by: merging.rule, weights: merging.weights, parallelism: parallelism)
  }

  /// How many labels the scores of a file are of; nothing but their shape is looked at.
  ///
  /// - Parameter files: with the image that they belong to.
  /// - Throws: `InputError` naming the file, where they are not scores.
  public func labelCount(of files: ScoreFiles) throws -> Int {
    do {
      return try axes(of: openScores(files).shape, sceneImage(files)?.grids()).form.labelCount
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  /// - Throws: `InputError` where there are other files, which cannot be merged so.
  private static func checkNotMerged(_ files: ScoreFiles, labels: Bool) throws {
    guard let other = files.others.first else { return }
    throw labels
      ? InputError(
        .usage, at: other,
        "holds labels, which are names of classes and cannot be averaged: between 1 and 3 lies 2, "
          + "another class", remedy: "merge the scores that the labels come from")
      : InputError(
        .usage, at: other, "would be merged with other scores, which needs them whole",
        remedy: "leave \(name: .tiles) out, or merge the scores first")
  }

  private func sceneImage(_ files: ScoreFiles) -> SceneImage? {
    files.image.map { SceneImage($0, layout: imageLayout, picture) }
  }

  private static func grids(_ grid: GridShape) -> (_ rank: Int) -> GridShape? {
    { $0 == grid.rank ? grid : nil }
  }

  private func axes(of shape: [Int], _ image: ((Int) -> GridShape?)?) throws -> ScoreAxes {
    try ScoreAxes(shape, layout: layout, isForeground: isForeground, image: image)
  }

  private func unary(
    _ array: NumericArray, _ axes: ScoreAxes, _ files: ScoreFiles, _ parallelism: Parallelism
  ) throws -> ScoreMapUnary {
    let arranged = try arranged(array, axes, files)
    // Most arrays are as they should be, and need no copy.
    let isAsStored = axes.dropped.isEmpty && !axes.isForeground
    return try ScoreMapUnary(
      isAsStored ? array : arranged.array(), kind: scoreKind, layout: axes.form.layout,
      normalizes: normalizes && !isForeground, alignCorners: alignCorners,
      parallelism: parallelism)
  }

  /// The scores of a file along the axes that were found, with a warning where they seem to be
  /// something else than logits and nobody has said that they are.
  ///
  /// - Throws: `InputError` where they cannot be looked at.
  private func arranged(
    _ scores: any BoxSource, _ axes: ScoreAxes, _ files: ScoreFiles
  ) throws -> ArrangedScores {
    let arranged = ArrangedScores(
      scores, axes: axes,
      foreground: try isForeground
        ? ForegroundChannel(kind: scoreKind, one: normalizes ? one(of: files) : nil)
        : ForegroundChannel(kind: .logits))
    if meaning == nil, !isForeground {
      try ScoreSuspicion(logits: arranged, form: axes.form)?.report(at: files.scores)
    }
    return arranged
  }

  /// The number that stands for the probability 1 in a single channel.
  private func one(of files: ScoreFiles) throws -> Float {
    switch try ArrayFile.number(files.scores, member: member) {
    case .uint8: 255
    case .uint16: 65535
    default: 1
    }
  }

  private static func checkMemory(_ grid: GridShape, _ labelCount: Int, canTile: Bool) throws {
    try EnergyField.checkMemory(
      grid, labelCount: labelCount,
      remedy: canTile && grid.rank == 2
        ? "refine it in tiles, as with \(set: .tiles(2048))" : "cut it into parts")
  }

  private func readScores(_ files: ScoreFiles) throws -> NumericArray {
    try explainingSlips(files) { try ArrayFile.read(files.scores, member: member) }
  }

  private func openScores(_ files: ScoreFiles) throws -> any BoxSource {
    try explainingSlips(files) { try ArrayFile.boxes(files.scores, member: member) }
  }

  private func explainingSlips<Result>(
    _ files: ScoreFiles, _ read: () throws -> Result
  ) throws -> Result {
    do {
      return try read()
    } catch let error as InputError {
      guard error.kind == .data, (try? ImageFile.isPicture(files.scores)) == true else {
        throw error
      }
      // The commonest slip; but a label map is a picture too.
      let isSwapped = files.image.flatMap { try? ImageFile.isArray($0) } == true
      throw InputError(
        .data, at: files.scores, "is a picture, but scores are an array",
        remedy: isSwapped
          ? "the scores and the image look swapped"
          : "for a label map, add \(set: .scoreKind(.labels))")
    }
  }

  /// Reads the label map of `files` as it is, and the image over it where there is one.
  ///
  /// - Parameter files: of one scene.
  /// - Throws: `InputError` naming the file that cannot be read, or is something else.
  public func labels(of files: ScoreFiles) throws -> LoadedLabels {
    try Self.checkNotMerged(files, labels: true)
    var times = Stopwatch()
    let map = try times.measure(.read) { try LabelFile.read(files.scores, as: labels) }
    let image = try times.measure(.read) {
      try sceneImage(files)?.read(with: SceneImage.Companion(labels: map.grid))
    }
    return LoadedLabels(
      map: map, scene: image.map { Scene($0.image) } ?? Scene(grid: map.grid), image: image?.notes,
      times: times)
  }

  private func loadLabels(
    _ files: ScoreFiles, _ parallelism: Parallelism, canTile: Bool
  ) throws -> LoadedScores {
    let loaded = try labels(of: files)
    var times = loaded.times
    do {
      let energies = try times.measure(.unary) {
        let unary = try unary(of: loaded.map, parallelism)
        try Self.checkMemory(loaded.scene.grid, labelCount, canTile: canTile)
        return try unary.energies(for: loaded.scene)
      }
      return LoadedScores(
        scene: loaded.scene, energies: energies, summary: ScoreSummary(grid: loaded.map.grid),
        image: loaded.image, times: times)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  private func unary(of map: LabelMap, _ parallelism: Parallelism) throws -> LabelUnary {
    try LabelUnary(
      map, labelCount: labelCount, confidence: confidence, unknown: unknown,
      parallelism: parallelism)
  }

  // MARK: By regions

  /// Opens `files` over a grid of two axes, to be read a region at a time.
  ///
  /// What is read is that of `load`, bit for bit; memory is that of the regions, but for archives
  /// and for pictures that have to be turned, which are held whole.
  ///
  /// - Parameters:
  ///   - files: of one scene.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where a file cannot be read, or they do not fit each other.
  public func open(
    _ files: ScoreFiles, parallelism: Parallelism = .automatic
  ) throws -> OpenedScores {
    try Self.checkNotMerged(files, labels: kind == .labels)
    do {
      return kind == .labels
        ? try opened(labels: LabelFile.regions(files.scores, as: labels), files, parallelism)
        : try opened(scores: openScores(files), files, parallelism)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  private func opened(
    scores: any BoxSource, _ files: ScoreFiles, _ parallelism: Parallelism
  ) throws -> OpenedScores {
    let file = sceneImage(files)
    // What is wrong with the image is told after what is wrong with the scores.
    let contents = file.map { file in Result { try file.open() } }
    let axes = try axes(of: scores.shape, (try? contents?.get())?.grids(imageLayout))
    let shape = axes.form
    // Scores of other axes than a picture's are refused as whole ones are, which says how to mend
    // them.
    guard try shape.grid.rank == 2 || contents?.get().isPicture == true else {
      throw InputError(
        .usage, at: files.scores,
        "holds scores on a grid of \(shape.grid), but tiles are cut from images of two axes",
        remedy: "leave \(name: .tiles) out")
    }
    axes.reportDropped(at: files.scores)
    let image = try contents.flatMap { contents in
      try file?.regions(of: contents.get(), with: SceneImage.Companion(shape))
    }
    let grid = image?.regions.grid ?? shape.grid
    _ = try shape.resampling(to: grid, alignCorners: alignCorners)
    let regions = try ScoreRegions(
      arranged(scores, axes, files), over: grid, kind: scoreKind, layout: shape.layout,
      normalizes: normalizes && !isForeground, alignCorners: alignCorners,
      parallelism: parallelism)
    return OpenedScores(
      grid: grid, image: image, energies: regions, labelCount: shape.labelCount,
      summary: ScoreSummary(grid: shape.grid, resampling: regions.resampling))
  }

  private func opened(
    labels: any RegionSource<LabelMap>, _ files: ScoreFiles, _ parallelism: Parallelism
  ) throws -> OpenedScores {
    let image = try sceneImage(files).map { file in
      try file.regions(of: file.open(), with: SceneImage.Companion(labels: labels.grid))
    }
    if let image { try LabelUnary.check(labels.grid, fits: image.regions.grid) }
    return OpenedScores(
      grid: labels.grid, image: image,
      energies: LabelEnergyRegions(labels) { try unary(of: $0, parallelism) },
      labelCount: labelCount, summary: ScoreSummary(grid: labels.grid))
  }
}
