import Support

/// Images from files of any supported format.
public enum ImageFile {
  /// Endings of pictures, the commonest of photographs first.
  package static let pictureEndings = ["jpg", "png", "jpeg"]

  /// Reads a PNG or JPEG image in 8-bit RGB, whatever its name ends in: the contents decide.
  ///
  /// The orientation and the colour profile that a camera noted are not applied.
  /// - Throws: `InputError` where the file cannot be read, is damaged, or is something else.
  public static func read(_ path: String) throws -> Image {
    let file = try EncodedImage(path)
    return try file.bytes.withUnsafeBytes { bytes in
      switch file.kind {
      case .jpeg: try JPEG.decode(bytes, name: path)
      default: try PNG.decode(bytes, name: path)
      }
    }
  }

  /// Reads a photograph, or an array: multispectral scenes and volumes come as NPY files.
  ///
  /// - Parameters:
  ///   - path: the file; its contents decide what it is, but an array must not be named as a
  ///     picture. An NPZ archive must hold a single array.
  ///   - rank: the number of axes of the grid that an array lies over.
  ///   - layout: where an array has its axis of channels.
  /// - Throws: as `read(_:)` does, and `Image.init(_:rank:layout:)`.
  public static func read(_ path: String, rank: Int, layout: Image.Layout) throws -> Image {
    guard try isArray(path) else { return try read(path) }
    do {
      return try Image(ArrayFile.read(path), rank: rank, layout: layout)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The same image, over a grid of two axes, to be read a region at a time.
  ///
  /// - Throws: as `read(_:rank:layout:)` does; pixels are looked at only as they are read.
  package static func regions(
    _ path: String, layout: Image.Layout
  ) throws -> any RegionSource<Image> {
    guard try isArray(path) else { return try PictureRegions(path) }
    do {
      return try ArrayImageRegions(ArrayFile.boxes(path), layout: layout)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// Whether the file at `path` is an NPY array or an archive. What is named as a picture is none:
  /// it must be one, whatever it holds.
  ///
  /// - Throws: `InputError` where it cannot be read.
  package static func isArray(_ path: String) throws -> Bool {
    let isNamedPicture = pictureEndings.contains { path.lowercased().hasSuffix("." + $0) }
    return try !isNamedPicture && [.npy, .zip].contains(kind(of: path))
  }

  /// Whether the file at `path` is a PNG or JPEG image.
  ///
  /// - Throws: `InputError` where it cannot be read.
  package static func isPicture(_ path: String) throws -> Bool {
    [.png, .jpeg].contains(try kind(of: path))
  }

  /// The picture in a regular file; `nil` where there is something else, or where reading fails, of
  /// which reading it again tells the cause.
  package static func picture(_ path: String) -> Image? {
    guard let source = try? FileSource(path), source.isRegular,
      (try? isPicture(path)) == true
    else { return nil }
    return try? read(path)
  }

  private static func kind(of path: String) throws -> FileKind {
    FileKind(prefix: try FileSource(path).peek(FileKind.prefixLength))
  }
}
