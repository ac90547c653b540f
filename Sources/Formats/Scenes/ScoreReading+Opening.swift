import LatticeSupport
import Unaries

extension ScoreReading {
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
    let axes = try axes(
      of: scores.shape,
      (try? contents?.get())?.grids(imageLayout) ?? singleChannel(of: files, scores.shape))
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
    let arranged = try arranged(scores, axes, files)
    let regions = try ScoreRegions(
      arranged, over: grid, kind: scoreKind, layout: shape.layout,
      normalizes: normalizes(arranged, axes, files), alignCorners: alignCorners,
      parallelism: parallelism)
    var summary = ScoreSummary(grid: shape.grid, resampling: regions.resampling)
    summary.placement = try placement(of: image?.notes, files)
    let held = fillsNoData ? nil : scores as? any MaskedBoxSource
    let given = try openMask(over: grid)
    summary.mayLeaveOut =
      held?.mayLeaveOut == true || given != nil || image?.notes.mayLeaveOut == true
    return OpenedScores(
      grid: grid, image: image, energies: regions, labelCount: shape.labelCount, summary: summary
    ) { region in
      let own = try held.flatMap { scores in
        try PointMask.nearest(region, of: grid, from: shape.grid) { try scores.mask($0) }
      }
      return PointMask.both(own, try given?(region))
    }
  }

  /// The points that the file of a mask leaves in, to be read a region at a time.
  private func openMask(over grid: GridShape) throws -> ((GridRegion) throws -> PointMask?)? {
    guard let path = mask else { return nil }
    let numbers = try LabelFile.regions(path)
    try PointMask.check(numbers.grid, fits: grid, at: path)
    return { region in
      PointMask(unchecked: try numbers.read(region).labels.map { $0 != 0 }, grid: region.grid)
    }
  }

  private func opened(
    labels: any RegionSource<LabelMap>, _ files: ScoreFiles, _ parallelism: Parallelism
  ) throws -> OpenedScores {
    let image = try sceneImage(files).map { file in
      try file.regions(of: file.open(), with: SceneImage.Companion(labels: labels.grid))
    }
    if let image { try LabelUnary.check(labels.grid, fits: image.regions.grid) }
    var summary = ScoreSummary(grid: labels.grid)
    summary.placement = try placement(of: image?.notes, files)
    let raster = labels as? TIFFLabelRegions
    raster?.unknown = unknown
    raster?.marksLeftOut = false
    if fillsNoData, raster?.mayLeaveOut == true {
      throw InputError(
        .usage, at: files.scores,
        "has points without a label (nodata), which are filled only whole",
        remedy: """
          leave \(name: .tiles) out, or name the number of nodata with \(name: .unknownLabel)
          """)
    }
    summary.palette = raster?.palette
    let file = try openMask(over: labels.grid)
    summary.mayLeaveOut =
      raster?.mayLeaveOut == true || file != nil || image?.notes.mayLeaveOut == true
    return OpenedScores(
      grid: labels.grid, image: image,
      energies: LabelEnergyRegions(labels) { try unary(of: $0, parallelism) },
      labelCount: labelCount, summary: summary
    ) { region in
      PointMask.both(try raster?.readMasked(region).1, try file?(region))
    }
  }
}
