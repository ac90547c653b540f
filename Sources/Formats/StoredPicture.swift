import LatticeSupport
import Unaries

/// A PNG or JPEG image as its file has it, and which way up it is to be seen.
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
    let file = try EncodedImage(source)
    self = try file.bytes.withUnsafeBytes { try Self(file.kind, $0, name: file.name) }
  }

  /// The picture in the bytes of a file, whose name is for messages.
  package init(_ kind: FileKind, _ bytes: UnsafeRawBufferPointer, name: String) throws {
    orientation = EXIF.orientation(of: kind, in: ScatteredBytes(bytes))
    switch kind {
    case .jpeg:
      image = try JPEG.decode(bytes, name: name)
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
