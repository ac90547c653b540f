import LatticeSupport
import Unaries

/// How the pictures of scenes are taken, beside the order of an array's axes.
public struct PictureReading: Sendable, Hashable {
  /// What is done with pictures that are not stored upright.
  public var orientation = OrientationRule.ask
  /// The numbers of the file that become 0 and 255; `nil` where values stay as they are.
  public var range: ClosedRange<Float>?
  /// How the bands of rasters are taken.
  public var raster = RasterReading()

  /// - Parameters:
  ///   - orientation: what is done with pictures that are not stored upright.
  ///   - range: the numbers of the file that become 0 and 255; others are scaled between them, and
  ///     clipped. `nil` where values stay as they are.
  public init(orientation: OrientationRule = .ask, range: ClosedRange<Float>? = nil) {
    self.orientation = orientation
    self.range = range
  }

  /// Reads a photograph for a network, which wants it upright.
  ///
  /// - Parameters:
  ///   - path: a PNG or JPEG file.
  ///   - truth: a file of labels that what comes of it is compared with; their proportions tell
  ///     then how it is taken.
  /// - Throws: `InputError` where the file cannot be read, or nothing shows how the labels lie.
  public func photograph(_ path: String, comparedWith truth: String? = nil) throws -> LoadedImage {
    let picture = try StoredPicture(path)
    return LoadedImage(picture, try use(of: picture, at: path, truth), at: path, self)
  }

  private func use(
    of picture: StoredPicture, at path: String, _ truth: String?
  ) throws -> OrientationUse? {
    guard picture.orientation != .upright else { return nil }
    guard let truth else {
      return OrientationUse(
        picture.orientation, isApplied: orientation != .ignore,
        reason: orientation == .ask ? .none : .asked)
    }
    let labels = try LabelFile.grid(of: truth)
    return try orientation.use(
      picture.orientation, stored: picture.image.grid, at: path, companion: "true labels",
      fits: [{ $0 == labels }])
  }
}

/// What is known of an image beside its values.
public struct ImageNotes: Sendable {
  /// The file.
  public let path: String
  /// Whether it is a PNG or JPEG image, not an array.
  public let isPicture: Bool
  /// How it was taken where it is not stored upright.
  public let orientation: OrientationUse?
  /// The numbers of the file that the image's number 1 stands for: 257 in a PNG of 16 bits, else 1.
  public let unit: Float
  /// The numbers of the file that became 0 and 255; `nil` where values are as they were.
  public let range: ClosedRange<Float>?
  /// Where the image lies; `nil` where nobody knows.
  public let placement: Placement?
  /// Whether some pixels may be left out, which is known before any is looked at.
  public let mayLeaveOut: Bool

  package init(
    path: String, isPicture: Bool, orientation: OrientationUse? = nil, unit: Float = 1,
    range: ClosedRange<Float>? = nil, placement: Placement? = nil, mayLeaveOut: Bool = false
  ) {
    self.path = path
    self.isPicture = isPicture
    self.orientation = orientation
    self.unit = unit
    self.range = range
    self.placement = placement
    self.mayLeaveOut = mayLeaveOut
  }

  /// The image with its values as the reading wants them.
  func scaled(_ image: Image) -> Image {
    range.map { image.scaled(from: $0.lowerBound / unit...$0.upperBound / unit) } ?? image
  }

  /// The image as it is drawn over, and as networks see it: what is to be seen has 8 bits.
  public func drawn(_ image: Image) -> Image {
    isPicture || range != nil ? image.inBytes : image
  }
}

/// An image, and what is known of it.
public struct LoadedImage: Sendable {
  /// The image.
  public let image: Image
  /// What is known of it.
  public let notes: ImageNotes
  /// Which points count; `nil` for all.
  public let mask: PointMask?

  /// Takes in what was read of a picture.
  package init(
    _ picture: StoredPicture, _ use: OrientationUse?, at path: String, _ reading: PictureReading,
    mask stored: PointMask? = nil
  ) {
    notes = ImageNotes(
      path: path, isPicture: true, orientation: use, unit: picture.unit, range: reading.range,
      mayLeaveOut: stored != nil)
    let isUpright = use?.isApplied == true
    image = notes.scaled(picture.image(isUpright: isUpright))
    mask = isUpright ? stored?.upright(from: picture.orientation, on: image.grid) : stored
  }

  /// Takes in an array.
  init(
    array image: Image, at path: String, _ reading: PictureReading, placement: Placement? = nil
  ) {
    notes = ImageNotes(
      path: path, isPicture: false, range: reading.range, placement: placement)
    self.image = notes.scaled(image)
    mask = nil
  }

  /// Takes in all of a raster.
  init(
    raster: TIFFImageRegions, _ use: OrientationUse?, at path: String, _ reading: PictureReading
  ) throws {
    var (image, mask) = try raster.readMasked(GridRegion(allOf: raster.grid))
    if use?.isApplied == true {
      image = image.upright(from: raster.orientation)
      mask = mask?.upright(from: raster.orientation, on: image.grid)
    }
    notes = raster.notes(at: path, use, reading)
    self.image = notes.scaled(image)
    self.mask = mask
  }
}

extension LoadedImage {
  private init(_ image: Image, _ notes: ImageNotes, mask: PointMask?) {
    self.image = image
    self.notes = notes
    self.mask = mask
  }

  /// The image with the channels of another behind its own.
  ///
  /// - Throws: `InputError` where the other has another size, or lies elsewhere.
  func joined(with other: LoadedImage) throws -> LoadedImage {
    guard image.grid == other.image.grid else {
      throw InputError(
        .data, at: other.notes.path,
        "is \(other.image.grid), but the image before it is \(image.grid)",
        remedy: "give images of the same size")
    }
    if let here = notes.placement, let there = other.notes.placement,
      let difference = here.difference(from: there)
    {
      throw InputError(
        .data, at: other.notes.path, "does not lie where \(quoted(notes.path)) does: \(difference)",
        remedy: "give images of the same place")
    }
    let notes = ImageNotes(
      path: notes.path, isPicture: false, range: notes.range,
      placement: notes.placement ?? other.notes.placement,
      mayLeaveOut: notes.mayLeaveOut || other.notes.mayLeaveOut)
    return LoadedImage(
      image.joined(with: other.image), notes, mask: PointMask.both(mask, other.mask))
  }
}

extension Image {
  /// The channels of both.
  fileprivate func joined(with other: Image) -> Image {
    func rows<Value>(_ first: [Value], _ second: [Value]) -> [Value] {
      var values: [Value] = []
      values.reserveCapacity(first.count + second.count)
      for point in 0..<grid.count {
        values += first[point * channels..<(point + 1) * channels]
        values += second[point * other.channels..<(point + 1) * other.channels]
      }
      return values
    }
    let joined: Pixels =
      switch (pixels, other.pixels) {
      case (.bytes(let first), .bytes(let second)): .bytes(rows(first, second))
      default: .floats(rows(inFloats, other.inFloats))
      }
    return Image(unchecked: joined, grid: grid, channels: channels + other.channels)
  }

  private var inFloats: [Float] {
    switch pixels {
    case .bytes(let values): values.map { Float($0) }
    case .floats(let values): values
    }
  }
}

extension PointMask {
  /// The same points of a picture that is turned upright, to `grid`.
  fileprivate func upright(from orientation: PictureOrientation, on grid: GridShape) -> PointMask {
    PointMask(
      unchecked: orientation.upright(isCounted, over: self.grid, channels: 1), grid: grid)
  }
}

extension TIFFImageRegions {
  /// What is known of the raster.
  func notes(at path: String, _ use: OrientationUse?, _ reading: PictureReading) -> ImageNotes {
    ImageNotes(
      path: path, isPicture: page.number == .uint8 || page.photometric == .palette,
      orientation: use, range: reading.range, placement: place, mayLeaveOut: mayLeaveOut)
  }
}
