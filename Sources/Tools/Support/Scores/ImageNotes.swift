import Evaluation
import Formats
import LatticeSupport
import Unaries

/// What is known of an image beside its values.
package struct ImageNotes: Sendable {
  /// The file.
  package let path: String
  /// Whether it is a PNG or JPEG image, not an array.
  package let isPicture: Bool
  /// How it was taken where it is not stored upright.
  package let orientation: OrientationUse?
  /// The numbers of the file that the image's number 1 stands for: 257 in a PNG of 16 bits, else 1.
  package let unit: Float
  /// The numbers of the file that became 0 and 255; `nil` where values are as they were.
  package let range: ClosedRange<Float>?

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

  /// The image with its values as the settings want them.
  func scaled(_ image: Image) -> Image {
    range.map { image.scaled(from: $0.lowerBound / unit...$0.upperBound / unit) } ?? image
  }

  /// The image as it is drawn over, and as networks see it: what is to be seen has 8 bits.
  package func drawn(_ image: Image) -> Image {
    isPicture || range != nil ? image.inBytes : image
  }
}

/// An image, and what is known of it.
package struct LoadedImage: Sendable {
  package let image: Image
  package let notes: ImageNotes

  /// Takes in what was read of a picture.
  init(
    _ picture: StoredPicture, _ use: OrientationUse?, at path: String, _ settings: PictureSettings
  ) {
    notes = ImageNotes(
      path: path, isPicture: true, orientation: use, unit: picture.unit, range: settings.range)
    image = notes.scaled(picture.image(isUpright: use?.isApplied == true))
  }

  /// Takes in an array.
  init(array image: Image, at path: String, _ settings: PictureSettings) {
    notes = ImageNotes(path: path, isPicture: false, range: settings.range)
    self.image = notes.scaled(image)
  }
}

extension PictureSettings {
  /// A photograph for a network, which wants it upright.
  ///
  /// - Parameter truth: labels that what comes of it is compared with; their proportions tell then.
  /// - Throws: `InputError` where the file cannot be read, or nothing shows how the labels lie.
  package func photograph(_ path: String, comparedWith truth: String? = nil) throws -> LoadedImage {
    let picture = try StoredPicture(path)
    return LoadedImage(picture, try use(of: picture, at: path, truth), at: path, self)
  }

  /// Photograph `index` of a data set, with the rows that its labels have.
  ///
  /// - Throws: as `Dataset.image(_:)` does.
  package func photograph(_ index: Int, of dataset: Dataset) throws -> LoadedImage {
    let path = dataset.entries[index].image
    let picture = try StoredPicture(path)
    return LoadedImage(
      picture, try dataset.orientationUse(index, of: picture), at: path, self)
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
