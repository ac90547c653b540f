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
    let (array, held) = try scoresOrError.get()
    do {
      // Axes first: along other axes than an array has, no number of it means anything.
      let axes = try axes(
        of: array.shape,
        given.map { Self.grids($0.image.grid) } ?? file?.grids(picture: picture)
          ?? singleChannel(of: files, array.shape))
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
      let grid = image?.image.grid ?? axes.form.grid
      _ = try axes.form.resampling(to: grid, alignCorners: alignCorners)
      let placement = try placement(of: image?.notes, files)
      let known = try PointMask.both(image?.mask, mask.map { try PointMask(file: $0, over: grid) })
      let scores = try times.measure(.unary) {
        try unary(filled(array, axes, known), axes, files, parallelism)
      }
      try Self.checkMemory(grid, scores.labelCount, canTile: canTile)
      var masks = fillsNoData ? [] : [held.map { $0.nearest(on: grid) }]
      let merged = try merged(scores, files, over: grid, &masks, &times, parallelism)
      var scene = Self.scene(image, over: grid, masks + [known])
      scene.spacing = placement?.volume?.spacing(on: grid)
      let energies = try times.measure(.unary) { try merged.energies(for: scene) }
      var summary = ScoreSummary(
        grid: scores.nativeGrid, resampling: try scores.resampling(to: grid))
      summary.placement = placement
      summary.mayLeaveOut = mayLeaveOut(image?.notes, scene)
      return LoadedScores(
        scene: scene, energies: energies, summary: summary, image: image?.notes, times: times)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  /// The scene of an image, or of scores alone, without the points that one of the masks leaves
  /// out.
  private static func scene(
    _ image: LoadedImage?, over grid: GridShape, _ masks: [PointMask?]
  ) -> Scene {
    Scene(
      grid: grid, image: image?.image, mask: masks.reduce(nil) { PointMask.both($0, $1) })
  }

  /// The scores with some of no account where points are left out, which may hold anything there.
  private func filled(
    _ array: NumericArray, _ axes: ScoreAxes, _ mask: PointMask?
  ) throws -> NumericArray {
    guard let mask, mask.grid == axes.form.grid else { return array }
    let points = mask.grid.count
    let isLast = axes.form.layout == .channelsLast && !axes.isForeground
    let labels = array.values.count / points
    let filler = filler(labels: labels)
    var values = array.values
    for index in values.indices
    where !mask.isCounted[isLast ? index / labels : index % points] {
      values[index] = filler
    }
    return try NumericArray(shape: array.shape, values: values)
  }

  /// A score by which all of so many labels are as likely.
  private func filler(labels: Int) -> Float {
    scoreKind == .probabilities ? 1 / Float(isForeground ? 2 : max(1, labels)) : 0
  }

  private func mayLeaveOut(_ image: ImageNotes?, _ scene: Scene) -> Bool {
    scene.mask != nil || mask != nil || image?.mayLeaveOut == true
  }

  /// Where the scene lies.
  ///
  /// - Throws: `InputError` where the image and a file of scores say different things.
  func placement(of image: ImageNotes?, _ files: ScoreFiles) throws -> Placement? {
    var (place, owner) = (image?.placement, "the image")
    for path in [files.scores] + files.others {
      guard let other = try Placement(of: path) else { continue }
      if !ignoresPlacement, let difference = place?.difference(from: other) {
        throw InputError(
          .data, at: path, "does not lie where \(owner) does: \(difference)",
          remedy: """
            give files of the same place or, where one of them is wrong, add \
            \(set: .ignorePlacement)
            """)
      }
      if place == nil { (place, owner) = (other, "\(quoted(path))") }
    }
    return place
  }

  /// The scores with those of the other files; themselves where there are none.
  private func merged(
    _ scores: ScoreMapUnary, _ files: ScoreFiles, over grid: GridShape,
    _ masks: inout [PointMask?], _ times: inout Stopwatch, _ parallelism: Parallelism
  ) throws -> any Unary {
    guard !files.others.isEmpty else { return scores }
    var members: [any Unary] = [scores]
    for path in files.others {
      let file = ScoreFiles(scores: path, image: files.image)
      let (array, held) = try times.measure(.read) { try readScores(file) }
      if !fillsNoData { masks.append(held.map { $0.nearest(on: grid) }) }
      do {
        let axes = try axes(of: array.shape, Self.grids(grid))
        _ = try axes.form.resampling(to: grid, alignCorners: alignCorners)
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
  static func checkNotMerged(_ files: ScoreFiles, labels: Bool) throws {
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

  func sceneImage(_ files: ScoreFiles) -> SceneImage? {
    files.image.map {
      SceneImage($0, layout: imageLayout, picture, more: files.moreImages)
    }
  }

  private static func grids(_ grid: GridShape) -> (_ rank: Int) -> GridShape? {
    { $0 == grid.rank ? grid : nil }
  }

  /// The grid of a raster or volume of a single channel, which is no plane for each label of a
  /// smaller grid; `nil` for other files.
  func singleChannel(
    of files: ScoreFiles, _ shape: [Int]
  ) throws -> ((_ rank: Int) -> GridShape?)? {
    let source = try FileSource(files.scores)
    let rank = NIfTI.isVolume(source) ? 3 : source.kind == .tiff ? 2 : 0
    guard shape.count == rank, let grid = try? GridShape(shape) else { return nil }
    return Self.grids(grid)
  }

  func axes(of shape: [Int], _ image: ((Int) -> GridShape?)?) throws -> ScoreAxes {
    try ScoreAxes(shape, layout: layout, isForeground: isForeground, image: image)
  }

  func unary(
    _ array: NumericArray, _ axes: ScoreAxes, _ files: ScoreFiles, _ parallelism: Parallelism
  ) throws -> ScoreMapUnary {
    let arranged = try arranged(array, axes, files)
    // Most arrays are as they should be, and need no copy.
    let isAsStored = axes.dropped.isEmpty && !axes.isForeground
    return try ScoreMapUnary(
      isAsStored ? array : arranged.array(), kind: scoreKind, layout: axes.form.layout,
      normalizes: normalizes(arranged, axes, files), alignCorners: alignCorners,
      parallelism: parallelism)
  }

  /// The scores of a file along the axes that were found, with a warning where they seem to be
  /// something else than logits and nobody has said that they are.
  ///
  /// - Throws: `InputError` where they cannot be looked at.
  func arranged(
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

  /// Whether probabilities are divided by their sum: where that is asked for, and where they are
  /// stored in 8 or 16 bits whose sums say that 255 or 65535 stands for 1.
  func normalizes(
    _ scores: ArrangedScores, _ axes: ScoreAxes, _ files: ScoreFiles
  ) throws -> Bool {
    guard !isForeground else { return false }
    guard !normalizes, scoreKind == .probabilities else { return normalizes }
    let number = try ArrayFile.number(files.scores, member: member)
    guard number == .uint8 || number == .uint16 else { return false }
    return try scores.lookLikeBytes(axes.form)
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

  /// The scores of a file, and the points of their own grid that have some; `nil` for all.
  private func readScores(_ files: ScoreFiles) throws -> (NumericArray, PointMask?) {
    try explainingSlips(files) {
      guard try ImageFile.isRaster(files.scores), member == nil else {
        try checkLayout(of: files.scores)
        return (try turned(ArrayFile.read(files.scores, member: member), files), nil)
      }
      let scores = try TIFFScores(files.scores)
      fill(scores)
      let grid = try GridShape(Array(scores.shape.suffix(2)))
      return (
        try scores.read(scores.shape.map { 0..<$0 }), try scores.mask(GridRegion(allOf: grid))
      )
    }
  }

  /// Puts scores by which all labels are as likely where there are none.
  private func fill(_ scores: any MaskedBoxSource) {
    scores.filler = filler(labels: scores.shape.count == 3 ? scores.shape[0] : 1)
  }

  func openScores(_ files: ScoreFiles) throws -> any BoxSource {
    try explainingSlips(files) {
      try checkLayout(of: files.scores)
      if order == .caffe { return try turned(ArrayFile.read(files.scores, member: member), files) }
      let boxes = try ArrayFile.boxes(files.scores, member: member)
      if let scores = boxes as? any MaskedBoxSource { fill(scores) }
      return boxes
    }
  }

  /// MATLAB's programs have labels last, DeepLab's files for MATLAB lie on their side, and a square
  /// picture shows no difference.
  ///
  /// - Throws: `InputError` where nobody has said which.
  private func checkLayout(of path: String) throws {
    guard order == nil, try FileSource(path).kind == .matlab else { return }
    throw InputError(
      .usage, at: path, "is a MATLAB file, whose axes come in more than one order",
      remedy: """
        use \(set: .layout(.channelsLast)) where they are height, width and labels; DeepLab's Caffe \
        release has width, height and labels, and a layout of its own
        """)
  }

  /// Scores of DeepLab's Caffe release with labels first, without what pads them to a square;
  /// others as they are.
  private func turned(_ array: NumericArray, _ files: ScoreFiles) throws -> NumericArray {
    guard order == .caffe else { return array }
    guard array.shape.count == 3 || array.shape.count == 4 && array.shape[3] == 1 else {
      throw InputError(
        .data, at: files.scores,
        "is an array of shape \(NPY.text(array.shape)), but those of DeepLab's Caffe release are "
          + "(width, height, labels)", remedy: "name the order that its axes have")
    }
    let (width, height, labels) = (array.shape[0], array.shape[1], array.shape[2])
    var kept = (width: width, height: height)
    if width == height, let image = sceneImage(files)?.grids()(2),
      image.extents != [height, width],
      image.extents[0] <= height, image.extents[1] <= width
    {
      kept = (image.extents[1], image.extents[0])
    }
    var values = [Float]()
    values.reserveCapacity(labels * kept.height * kept.width)
    for label in 0..<labels {
      for row in 0..<kept.height {
        for column in 0..<kept.width {
          values.append(array.values[(column * height + row) * labels + label])
        }
      }
    }
    return try NumericArray(shape: [labels, kept.height, kept.width], values: values)
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
    var (map, held, palette) = try times.measure(.read) {
      try LabelFile.readMasked(files.scores, as: labels, unknown: unknown)
    }
    if fillsNoData, let mask = held { (map, held) = try filled(map, mask) }
    let image = try times.measure(.read) {
      try sceneImage(files)?.read(with: SceneImage.Companion(labels: map.grid))
    }
    do {
      try LabelUnary.check(map.grid, fits: image?.image.grid ?? map.grid)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
    let placement = try placement(of: image?.notes, files)
    let given = try mask.map { try PointMask(file: $0, over: map.grid) }
    var scene = Self.scene(image, over: map.grid, [held, image?.mask, given])
    scene.spacing = placement?.volume?.spacing(on: map.grid)
    var summary = ScoreSummary(grid: map.grid)
    summary.placement = placement
    summary.palette = palette
    summary.mayLeaveOut = mayLeaveOut(image?.notes, scene)
    return LoadedLabels(
      map: map, scene: scene, summary: summary, image: image?.notes, times: times)
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
        scene: loaded.scene, energies: energies, summary: loaded.summary, image: loaded.image,
        times: times)
    } catch let error as InputError {
      throw error.at(files.scores)
    }
  }

  /// The map with the unknown label where there is none.
  private func filled(_ map: LabelMap, _ mask: PointMask) throws -> (LabelMap, PointMask?) {
    guard case .label(let label) = unknown else {
      throw InputError(
        .usage, "has points without a label (nodata), and no label is unknown",
        remedy: "name the number of unknown points with \(name: .unknownLabel)")
    }
    let labels = zip(map.labels, mask.isCounted).map { $1 ? $0 : label }
    return (try LabelMap(grid: map.grid, labels: labels), nil)
  }

  func unary(of map: LabelMap, _ parallelism: Parallelism) throws -> LabelUnary {
    try LabelUnary(
      map, labelCount: labelCount, confidence: confidence, unknown: unknown,
      parallelism: parallelism)
  }
}
