import LatticeSupport
import Unaries

/// Images from files of any supported format.
public enum ImageFile {
  /// Endings of pictures, in lower case, the commonest of photographs first: all that PNG, JPEG
  /// and WebP files go by.
  package static let pictureEndings = [
    "jpg", "png", "jpeg", "jpe", "jfif", "jif", "pjpeg", "pjp", "webp",
  ]

  /// Endings of what networks are shown: pictures, and rasters in red, green and blue.
  package static let photographEndings = pictureEndings + TIFF.endings

  /// Endings of pictures that cannot be read: what is named so was meant to be one.
  package static let otherPictureEndings = [
    "bmp", "gif", "heic", "heif", "avif", "jp2", "ppm", "pgm",
  ]

  /// Which way up a picture is read.
  public enum Rows: Sendable {
    /// As they stand in the file, whatever a camera noted.
    case stored
    /// As the picture is to be seen: the orientation that a camera noted is applied.
    case upright
  }

  /// Reads a PNG, JPEG, WebP or TIFF image in RGB, whatever its name ends in: the contents decide.
  /// For rasters of other bands, see `TIFF.read`.
  ///
  /// Its values are 0…255; samples of 16 bits keep their fractions, see `PNG.read`. The orientation
  /// and the colour profile that a camera noted are not applied.
  /// - Throws: `InputError` where the file cannot be read, is damaged, or is something else.
  public static func read(_ path: String) throws -> Image {
    try StoredPicture(path).image
  }

  /// Reads a PNG, JPEG or WebP image as `read(_:)` does, the way up that is asked for.
  ///
  /// Networks, and people who look at a photograph, want it upright. Scores from elsewhere belong
  /// to the rows that their program has seen.
  /// - Throws: as `read(_:)` does.
  public static func read(_ path: String, rows: Rows) throws -> Image {
    try StoredPicture(path).image(isUpright: rows == .upright)
  }

  /// How the picture in a PNG, JPEG or WebP file lies there, as EXIF says it; upright where the
  /// file says nothing, or nothing that can be understood. Its pixels are not looked at.
  ///
  /// - Throws: `InputError` where the file cannot be read.
  public static func orientation(of path: String) throws -> PictureOrientation {
    let source = try FileSource(path)
    return EXIF.orientation(of: source.kind, in: source.scattered)
  }

  /// Reads a photograph, or an array: multispectral scenes and volumes come as NPY files.
  ///
  /// - Parameters:
  ///   - path: the file; its contents decide what it is, but an array must not be named as a
  ///     picture. An NPZ archive must hold a single array.
  ///   - rank: the number of axes of the grid that an array lies over.
  ///   - layout: where an array has its axis of channels.
  /// - Throws: as `read(_:)` does, and `Image.init(_:rank:layout:)`.
  public static func read(_ path: String, rank: Int, layout: ChannelLayout) throws -> Image {
    guard try isArray(path) else { return try read(path) }
    do {
      guard try !isVolume(path) else {
        return try Image(ArrayFile.read(path), rank: 3, layout: .channelsFirst)
      }
      return try Image(ArrayFile.read(path), rank: rank, layout: layout)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The same image, over a grid of two axes, to be read a region at a time.
  ///
  /// - Parameter rows: which way up a picture is read; one that has to be turned is held whole.
  /// - Throws: as `read(_:rank:layout:)` does; pixels are looked at only as they are read.
  package static func regions(
    _ path: String, layout: ChannelLayout, rows: Rows = .stored
  ) throws -> any RegionSource<Image> {
    let source = try FileSource(path)
    guard isArray(source) else {
      let picture = try PictureRegions(source)
      let isTurned = rows == .upright && picture.orientation != .upright
      return isTurned ? try TurnedPicture(picture) : picture
    }
    do {
      return try ArrayImageRegions(ArrayFile.boxes(path), layout: layout)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// Whether the file at `path` is a volume, which has three axes, whatever the scores have.
  static func isVolume(_ path: String) throws -> Bool { try NIfTI.isVolume(FileSource(path)) }

  /// Whether the file at `path` is a raster.
  package static func isRaster(_ path: String) throws -> Bool { try FileSource(path).kind == .tiff }

  /// Whether the file at `path` is an NPY array, an archive or a volume. What is named as a picture
  /// is none: it must be one, whatever it holds.
  ///
  /// - Throws: `InputError` where it cannot be read.
  package static func isArray(_ path: String) throws -> Bool {
    try !isNamedPicture(path) && isArray(FileSource(path))
  }

  /// The same of a file that is open.
  static func isArray(_ source: FileSource) -> Bool {
    !isNamedPicture(source.name)
      && ([.npy, .zip].contains(source.kind) || NIfTI.isVolume(source))
  }

  private static func isNamedPicture(_ path: String) -> Bool {
    pictureEndings.contains { path.lowercased().hasSuffix("." + $0) }
  }

  /// Whether the file at `path` is a PNG, JPEG or WebP image.
  ///
  /// - Throws: `InputError` where it cannot be read.
  package static func isPicture(_ path: String) throws -> Bool {
    [.png, .jpeg, .webp].contains(try FileSource(path).kind)
  }

  /// The picture in a regular file; `nil` where there is something else, or where reading fails, of
  /// which reading it again tells the cause.
  package static func picture(_ path: String) -> StoredPicture? {
    guard let source = try? FileSource(path), source.isRegular else { return nil }
    return try? StoredPicture(source)
  }

  /// The grid of the picture in a file, its rows as they are stored.
  ///
  /// - Throws: `InputError` where it is not a picture, or its header is damaged.
  package static func grid(of path: String) throws -> GridShape {
    let source = try FileSource(path)
    switch source.kind {
    case .png: return try PNGReader(source).grid
    case .jpeg: return try JPEGReader(source).grid
    case .webp:
      let file = try EncodedImage(source)
      return try file.bytes.withUnsafeBytes { try WebP.grid(of: $0, name: path) }
    case .tiff: return try TIFF.page(nil, of: path).page.grid
    case let other: throw EncodedImage.unsupported(other, name: path)
    }
  }
}
