import LatticeSupport
import Unaries

/// A PNG, JPEG, WebP or TIFF image as its file has it, and which way up it is to be seen.
package struct StoredPicture: Sendable {
  /// The rows as they are stored: RGB in 8 bits or, of a file of 16 bits a sample that needs them,
  /// with fractions.
  package let image: Image
  package let orientation: PictureOrientation
  /// The numbers of the file that one of the image's 256 levels spans: 257 of 16 bits, else 1.
  package let unit: Float

  /// - Throws: `InputError` where the file cannot be read, is damaged, or is something else.
  package init(_ path: String) throws { try self.init(FileSource(path)) }

  /// The picture in a file that is open, of which nothing has been read yet.
  init(_ source: FileSource) throws {
    guard source.kind != .tiff else {
      try self.init(raster: source.name)
      return
    }
    let file = try EncodedImage(source)
    self = try file.bytes.withUnsafeBytes { try Self(file.kind, $0, name: file.name) }
  }

  /// The picture in a raster, whose rows are as they are to be seen.
  ///
  /// - Throws: `InputError` where it has other bands than gray, or red, green and blue of 8 bits.
  private init(raster path: String) throws {
    let (raster, _, _) = try TIFF.read(path)
    guard [1, 3].contains(raster.channels), case .bytes(let bytes) = raster.pixels else {
      let what = raster.channels == 1 ? "one band" : "\(raster.channels) bands"
      throw InputError(
        .data, at: path,
        "is a TIFF image of \(what) that is no photograph: networks see red, green and blue of 8 bits",
        remedy: "choose and scale bands, as with gdal_translate -b 3 -b 2 -b 1 -ot Byte -scale")
    }
    let rgb = raster.channels == 3 ? bytes : bytes.flatMap { [$0, $0, $0] }
    image = try Image(grid: raster.grid, channels: 3, pixels: .bytes(rgb))
    (orientation, unit) = (.upright, 1)
  }

  /// The picture in the bytes of a file, whose name is for messages.
  package init(_ kind: FileKind, _ bytes: UnsafeRawBufferPointer, name: String) throws {
    orientation = EXIF.orientation(of: kind, in: ScatteredBytes(bytes))
    switch kind {
    case .jpeg:
      image = try JPEG.decode(bytes, name: name)
      unit = 1
    case .webp:
      image = try WebP.decode(bytes, name: name)
      unit = 1
    default:
      let reader = try PNGReader(MemorySource(bytes, name: name))
      image = try reader.image()
      unit = reader.unit
    }
  }

  /// The image, turned upright where that is asked for.
  package func image(isUpright: Bool) -> Image {
    isUpright ? image.upright(from: orientation) : image
  }
}
