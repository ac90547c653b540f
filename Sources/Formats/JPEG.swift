import LatticeSupport
import Unaries

/// Photographs in JPEG files, baseline or progressive.
public enum JPEG {
  /// Reads an image in 8-bit RGB; gray and CMYK become RGB.
  ///
  /// - Throws: `InputError` where the file cannot be read, ends early or is damaged.
  public static func read(_ path: String) throws -> Image {
    let file = try EncodedImage(FileSource(path))
    return try file.bytes.withUnsafeBytes { try decode($0, name: path) }
  }

  /// The image in the bytes of a JPEG file; `name` stands for the file in messages.
  package static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
    let reader = try JPEGReader(MemorySource(bytes, name: name))
    try EncodedImage.checkMemory(reader.grid, name: name)
    return try Image(
      width: reader.width, height: reader.height, rgb: reader.rgb(rows: reader.height))
  }
}
