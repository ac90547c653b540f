import LatticeSupport
import Unaries

/// How the pictures of scenes are taken, beside the order of an array's axes.
public struct PictureReading: Sendable, Hashable {
  /// What is done with pictures that are not stored upright.
  public var orientation = OrientationRule.ask
  /// The numbers of the file that become 0 and 255; `nil` where values stay as they are.
  public var range: ClosedRange<Float>?

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

  package init(
    path: String, isPicture: Bool, orientation: OrientationUse? = nil, unit: Float = 1,
    range: ClosedRange<Float>? = nil
  ) {
    self.path = path
    self.isPicture = isPicture
    self.orientation = orientation
    self.unit = unit
    self.range = range
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

  /// Takes in what was read of a picture.
  package init(
    _ picture: StoredPicture, _ use: OrientationUse?, at path: String, _ reading: PictureReading
  ) {
    notes = ImageNotes(
      path: path, isPicture: true, orientation: use, unit: picture.unit, range: reading.range)
    image = notes.scaled(picture.image(isUpright: use?.isApplied == true))
  }

  /// Takes in an array.
  init(array image: Image, at path: String, _ reading: PictureReading) {
    notes = ImageNotes(path: path, isPicture: false, range: reading.range)
    self.image = notes.scaled(image)
  }
}
