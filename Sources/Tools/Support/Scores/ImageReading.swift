import Formats
import LatticeSupport
import Unaries

/// The image of a scene, a photograph or an array.
package struct ImageReading {
  private let path: String
  private let layout: Image.Layout
  private let settings: PictureSettings

  package init(_ path: String, layout: Image.Layout, _ settings: PictureSettings) {
    self.path = path
    self.layout = layout
    self.settings = settings
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
    package init(_ shape: ScoreShape) {
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

  /// Reads the image, with its rows as its companion's.
  ///
  /// Where an array does not fit, but could if its channels stood elsewhere, the error says so.
  /// - Parameter picture: the picture, where `picture()` has read it before.
  package func read(with companion: Companion, picture: StoredPicture? = nil) throws -> LoadedImage
  {
    guard try picture == nil && ImageFile.isArray(path) else {
      let picture = try picture ?? StoredPicture(path)
      let use = try use(picture.orientation, companion) { picture.image.grid }
      return LoadedImage(picture, use, at: path, settings)
    }
    let image = try ImageFile.read(path, rank: companion.rank, layout: layout)
    try check(image.grid, channels: image.channels, fits: companion.fits)
    return LoadedImage(array: image, at: path, settings)
  }

  /// The image, where it is a picture and nothing is wrong with it: to be read while the scores
  /// are.
  package func picture() -> StoredPicture? { ImageFile.picture(path) }

  /// The grid that the image has where it is read with so many axes; `nil` where it has others, or
  /// cannot be read, of which `read` tells the cause. Of a picture, that of its rows as they are
  /// stored.
  ///
  /// - Parameter picture: the picture, where `picture()` has read it before.
  package func grids(picture: StoredPicture? = nil) -> (_ rank: Int) -> GridShape? {
    if picture == nil, (try? ImageFile.isArray(path)) == true {
      let (shape, layout) = (try? ArrayFile.boxes(path).shape, layout)
      return { rank in
        shape.flatMap { try? Image.split($0, rank: rank, layout: layout).extents }
          .flatMap { try? GridShape($0) }
      }
    }
    let grid = picture?.image.grid ?? (try? ImageFile.header(of: path).grid)
    return { rank in grid.flatMap { $0.rank == rank ? $0 : nil } }
  }

  private func use(
    _ orientation: PictureOrientation, _ companion: Companion, _ stored: () throws -> GridShape
  ) throws -> OrientationUse? {
    guard orientation != .upright else { return nil }
    return try settings.orientation.use(
      orientation, stored: stored(), at: path, companion: companion.what,
      fits: [companion.fits, companion.otherwise])
  }

  /// The same image over a grid of two axes, to be read a region at a time.
  package struct Opened {
    package let regions: any RegionSource<Image>
    /// A first look at it.
    package let corner: Image
    package let notes: ImageNotes
    /// Opens it again, as it is drawn over, for who reads at another pace.
    package let openDrawn: () throws -> any RegionSource<Image>
  }

  /// Opens the image, with its rows as its companion's.
  package func regions(with companion: Companion) throws -> Opened {
    let isPicture = try !ImageFile.isArray(path)
    var use: OrientationUse?
    var unit: Float = 1
    if isPicture {
      let header = try ImageFile.header(of: path)
      unit = header.isDeep ? StoredPicture.unitOf16Bits : 1
      use = try self.use(ImageFile.orientation(of: path), companion) { header.grid }
    }
    let notes = ImageNotes(
      path: path, isPicture: isPicture, orientation: use, unit: unit, range: settings.range)
    let rows: ImageFile.Rows = use?.isApplied == true ? .upright : .stored
    func open() throws -> any RegionSource<Image> {
      let stored = try ImageFile.regions(path, layout: layout, rows: rows)
      return notes.range == nil ? stored : MappedImageRegions(stored, notes.scaled)
    }
    let regions = try open()
    let corner = try regions.read(GridRegion(rows: 0..<1, columns: 0..<1))
    try check(regions.grid, channels: corner.channels, fits: companion.fits)
    return Opened(
      regions: regions, corner: corner, notes: notes,
      // A picture that was turned is held whole, and can be read from any place.
      openDrawn: { MappedImageRegions(rows == .upright ? regions : try open(), notes.drawn) })
  }

  /// - Throws: `InputError` where the scores would fit if the channels of an array stood elsewhere.
  private func check(_ grid: GridShape, channels: Int, fits: (GridShape) -> Bool) throws {
    guard !fits(grid), try ImageFile.isArray(path) else { return }
    let shape =
      layout == .channelsFirst ? [channels] + grid.extents : grid.extents + [channels]
    let other: Image.Layout = layout == .channelsFirst ? .channelsLast : .channelsFirst
    guard
      let extents = try? Image.split(shape, rank: grid.rank, layout: other).extents,
      let otherGrid = try? GridShape(extents), fits(otherGrid)
    else { return }
    throw InputError(
      .data, at: path,
      "is an array of shape \(shape), which read as \(layout.axes(rank: grid.rank)) does not fit "
        + "the scores",
      remedy: "looks like \(other.axes(rank: grid.rank)): use --image-layout "
        + (other == .channelsFirst ? "chw" : "hwc"))
  }
}
