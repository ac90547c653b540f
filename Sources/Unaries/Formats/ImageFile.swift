/// Photographs from files of any supported format.
public enum ImageFile {
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
}
