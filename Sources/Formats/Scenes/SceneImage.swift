import LatticeSupport
import Unaries

/// The file of a scene's image, a photograph or an array.
package struct SceneImage {
  private let path: String
  private let layout: ChannelLayout
  private let reading: PictureReading
  /// Files of the same size, whose channels follow.
  private let more: [String]

  package init(
    _ path: String, layout: ChannelLayout, _ reading: PictureReading, more: [String] = []
  ) {
    self.path = path
    self.more = more
    self.layout = layout
    self.reading = reading
  }

  /// What an image has to fit.
  package struct Companion {
    /// In the plural: `scores`.
    let what: String
    /// The number of axes that it lies on.
    let rank: Int
    /// Whether it can be read on a grid; `otherwise` asks whether it could, were its axes in
    /// another order.
    let fits: (GridShape) -> Bool
    let otherwise: (GridShape) -> Bool

    /// Scores of that shape.
    init(_ shape: ScoreShape) {
      what = "scores"
      rank = shape.grid.rank
      fits = shape.fits
      otherwise = shape.fitsInOtherLayout
    }

    /// Labels over that grid.
    package init(labels grid: GridShape) {
      what = "labels"
      rank = grid.rank
      fits = { $0 == grid }
      otherwise = { _ in false }
    }
  }

  // MARK: Whole

  /// Reads the image, with its rows as its companion's.
  ///
  /// Where an array does not fit, but could if its channels stood elsewhere, the error says so.
  /// - Parameter picture: the picture, where `picture()` has read it before.
  func read(with companion: Companion, picture: StoredPicture? = nil) throws -> LoadedImage {
    try more.reduce(readFirst(with: companion, picture: picture)) { image, path in
      let other = SceneImage(path, layout: layout, reading)
      return try image.joined(with: other.readFirst(with: companion, picture: nil))
    }
  }

  private func readFirst(
    with companion: Companion, picture: StoredPicture?
  ) throws -> LoadedImage {
    if try picture == nil && ImageFile.isRaster(path) {
      let raster = try TIFFImageRegions(path, reading.raster)
      let use = try use(of: raster.orientation, companion, stored: raster.grid)
      return try LoadedImage(raster: raster, use, at: path, reading)
    }
    guard try picture == nil && ImageFile.isArray(path) else {
      let picture = try picture ?? StoredPicture(path)
      let use = try use(of: picture.orientation, companion, stored: picture.image.grid)
      let mask = try alpha()?.mask(GridRegion(allOf: picture.image.grid))
      return LoadedImage(picture, use, at: path, reading, mask: mask)
    }
    let image = try ImageFile.read(path, rank: companion.rank, layout: layout)
    try check(image.grid, channels: image.channels, fits: companion.fits)
    return LoadedImage(array: image, at: path, reading, placement: try Placement(of: path))
  }

  /// Which pixels of a picture are transparent, where that matters.
  ///
  /// - Throws: `InputError` where alpha is to be a channel.
  private func alpha() throws -> AlphaRegions? {
    switch reading.raster.alpha {
    case .mask: return try AlphaRegions(path)
    case .band:
      throw InputError(
        .usage, at: path, "is a picture in RGB, in which alpha cannot be a channel",
        remedy: "save its four bands as a TIFF image or an array")
    case .ignore, nil: return nil
    }
  }

  /// The image, where it is a picture and nothing is wrong with it: to be read while the scores
  /// are.
  func picture() -> StoredPicture? { ImageFile.picture(path) }

  /// The grid that the image has where it is read with so many axes; `nil` where it has others, or
  /// cannot be read, of which `read` tells the cause. Of a picture, that of its rows as they are
  /// stored.
  ///
  /// - Parameter picture: the picture, where `picture()` has read it before.
  func grids(picture: StoredPicture? = nil) -> (_ rank: Int) -> GridShape? {
    if let grid = picture?.image.grid { return { $0 == grid.rank ? grid : nil } }
    return (try? openFirst())?.grids(layout) ?? { _ in nil }
  }

  private func use(
    of orientation: PictureOrientation, _ companion: Companion, stored: GridShape
  ) throws -> OrientationUse? {
    guard orientation != .upright else { return nil }
    return try reading.orientation.use(
      orientation, stored: stored, at: path, companion: companion.what,
      fits: [companion.fits, companion.otherwise])
  }

  /// - Throws: `InputError` where the scores would fit if the channels of an array stood elsewhere.
  private func check(_ grid: GridShape, channels: Int, fits: (GridShape) -> Bool) throws {
    guard !fits(grid), try !ImageFile.isVolume(path) else { return }
    let (shape, other) = (layout.shape(channels, over: grid.extents), layout.other)
    guard
      let extents = try? Image.split(shape, rank: grid.rank, layout: other).extents,
      let otherGrid = try? GridShape(extents), fits(otherGrid)
    else { return }
    throw InputError(
      .data, at: path,
      "is an array of shape \(shape), which read as \(layout.axes("C", rank: grid.rank)) does not fit "
        + "the scores",
      remedy: "looks like \(other.axes("C", rank: grid.rank)): use \(set: .imageLayout(other))")
  }

  // MARK: By regions

  /// The file, opened once: what its header says, and its rows for one who reads them in order.
  package enum Contents {
    case picture(PictureRegions)
    case raster(TIFFImageRegions)
    /// Of three axes, and channels before them.
    case volume(NIfTIBoxes)
    case array(any BoxSource)

    /// Whether it lies on a grid of two axes in any case.
    var isPicture: Bool {
      switch self {
      case .picture, .raster: true
      case .volume, .array: false
      }
    }

    /// See `SceneImage.grids`.
    func grids(_ layout: ChannelLayout) -> (_ rank: Int) -> GridShape? {
      switch self {
      case .picture(let picture): { $0 == picture.grid.rank ? picture.grid : nil }
      case .raster(let raster): { $0 == raster.grid.rank ? raster.grid : nil }
      case .volume(let boxes):
        { $0 == 3 ? try? GridShape(Array(boxes.shape.suffix(3))) : nil }
      case .array(let boxes):
        { rank in
          (try? Image.split(boxes.shape, rank: rank, layout: layout).extents)
            .flatMap { try? GridShape($0) }
        }
      }
    }
  }

  /// - Throws: `InputError` where the file cannot be read by regions.
  package func open() throws -> Contents {
    if let other = more.first {
      throw InputError(
        .usage, at: other, "would be joined with another image, which needs them whole",
        remedy: "leave \(name: .tiles) out, or save them as the bands of one file")
    }
    return try openFirst()
  }

  private func openFirst() throws -> Contents {
    let source = try FileSource(path)
    if source.kind == .tiff { return .raster(try TIFFImageRegions(path, reading.raster)) }
    if NIfTI.isVolume(source) { return .volume(try NIfTIBoxes(path)) }
    return try ImageFile.isArray(source)
      ? .array(ArrayFile.boxes(path)) : .picture(PictureRegions(source))
  }

  /// The image over a grid of two axes, to be read a region at a time, with its rows as its
  /// companion's.
  ///
  /// - Parameter contents: what `open()` gave, of which nothing has been read yet.
  package func regions(of contents: Contents, with companion: Companion) throws -> OpenedImage {
    switch contents {
    case .picture(let picture):
      let use = try use(of: picture.orientation, companion, stored: picture.grid)
      let isTurned = use?.isApplied == true
      let alpha = try alpha()
      guard !isTurned || alpha == nil else {
        throw InputError(
          .data, at: path, "has alpha and must be turned upright, which is not done part by part",
          remedy: "turn it first, or leave \(name: .tiles) out")
      }
      let notes = ImageNotes(
        path: path, isPicture: true, orientation: use, unit: picture.unit, range: reading.range,
        mayLeaveOut: alpha != nil)
      let source: any RegionSource<Image> = isTurned ? try TurnedPicture(picture) : picture
      return try OpenedImage(source, notes, alpha: alpha) {
        try isTurned ? source : ImageFile.regions(path, layout: layout)
      }
    case .raster(let raster):
      let use = try use(of: raster.orientation, companion, stored: raster.grid)
      guard use?.isApplied != true else {
        throw InputError(
          .data, at: path, "has to be turned upright, which cannot be done a part at a time",
          remedy: "turn it first, or leave \(name: .tiles) out")
      }
      return try OpenedImage(raster, raster.notes(at: path, use, reading)) {
        try TIFFImageRegions(path, reading.raster)
      }
    case .volume:
      throw InputError(
        .usage, at: path, "is a volume, but tiles are cut from images of two axes",
        remedy: "leave \(name: .tiles) out")
    case .array(let boxes):
      let notes = ImageNotes(path: path, isPicture: false, range: reading.range)
      do {
        let opened = try OpenedImage(ArrayImageRegions(boxes, layout: layout), notes) {
          try ImageFile.regions(path, layout: layout)
        }
        try check(opened.regions.grid, channels: opened.corner.channels, fits: companion.fits)
        return opened
      } catch let error as InputError {
        throw error.at(path)
      }
    }
  }
}

/// A scene's image over a grid of two axes, opened to be read a region at a time.
public struct OpenedImage {
  package let regions: any RegionSource<Image>
  /// Its first pixel, with all channels.
  public let corner: Image
  /// What is known of it.
  public let notes: ImageNotes
  private let reopen: () throws -> any RegionSource<Image>
  private let raster: TIFFImageRegions?
  private let alpha: AlphaRegions?

  /// The image over a region, and the points that count; `nil` for all.
  ///
  /// - Throws: `InputError` where the image cannot be read there.
  package func read(_ region: GridRegion) throws -> (image: Image, mask: PointMask?) {
    guard let raster else { return (try regions.read(region), try alpha?.mask(region)) }
    let (image, mask) = try raster.readMasked(region)
    return (notes.scaled(image), mask)
  }

  /// - Parameters:
  ///   - alpha: which pixels of a picture count; `nil` for all.
  ///   - reopen: the same once more, for who reads at another pace; a picture that was turned is
  ///     held whole, and can be read from any place.
  fileprivate init(
    _ source: any RegionSource<Image>, _ notes: ImageNotes, alpha: AlphaRegions? = nil,
    reopen: @escaping () throws -> any RegionSource<Image>
  ) throws {
    self.notes = notes
    self.reopen = reopen
    regions = notes.range == nil ? source : MappedImageRegions(source, notes.scaled)
    raster = source as? TIFFImageRegions
    self.alpha = alpha
    corner = try regions.read(GridRegion(rows: 0..<1, columns: 0..<1))
  }

  /// Opens it again, as it is drawn over, for who reads at another pace.
  package func openDrawn() throws -> any RegionSource<Image> {
    let notes = notes
    return MappedImageRegions(try reopen()) { notes.drawn(notes.scaled($0)) }
  }
}
