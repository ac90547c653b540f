import CWebP
import LatticeSupport
import Unaries

/// Photographs in WebP files, lossy or lossless, which libwebp decodes; it is loaded when the first
/// one is read.
public enum WebP {
  /// Reads an image in 8-bit RGB; alpha is dropped.
  ///
  /// - Throws: `InputError` where the file cannot be read, is damaged or is an animation, and where
  ///   libwebp is not installed.
  public static func read(_ path: String) throws -> Image {
    let file = try EncodedImage(FileSource(path))
    return try file.bytes.withUnsafeBytes { try decode($0, name: path) }
  }

  /// The image in the bytes of a WebP file; `name` stands for the file in messages.
  package static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
    let grid = try grid(of: bytes, name: name)
    try EncodedImage.checkMemory(grid, name: name)
    return Image(unchecked: .bytes(try samples(bytes, name: name)), grid: grid, channels: 3)
  }

  /// The size of the picture, by its header.
  static func grid(of bytes: UnsafeRawBufferPointer, name: String) throws -> GridShape {
    guard webp_is_available() else {
      throw InputError(
        .data, at: name, "is a WebP image, and libwebp, which decodes them, is not installed",
        remedy: "install it (apt-get install libwebp7), or convert it to PNG")
    }
    guard !isAnimated(bytes) else {
      throw InputError(
        .data, at: name, "is an animated WebP image", remedy: "save one of its frames as PNG")
    }
    var (width, height): (Int32, Int32) = (0, 0)
    guard webp_size(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, &width, &height)
    else { throw damaged(name) }
    return GridShape(width: Int(width), height: Int(height))
  }

  /// Red, green and blue of each pixel, and alpha if it is asked for.
  static func samples(
    _ bytes: UnsafeRawBufferPointer, name: String, hasAlpha: Bool = false
  ) throws -> [UInt8] {
    let grid = try grid(of: bytes, name: name)
    let size = (hasAlpha ? 4 : 3) * grid.count
    return try [UInt8](unsafeUninitializedCapacity: size) { output, filled in
      guard
        webp_decode(
          bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, hasAlpha, output.baseAddress,
          size, Int32(grid.width))
      else { throw damaged(name) }
      filled = size
    }
  }

  /// Of a file with more than one picture's pixels, the second bit of the flags is set.
  private static func isAnimated(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 20 && bytes[12..<16].elementsEqual("VP8X".utf8) && bytes[20] & 0x02 != 0
  }

  private static func damaged(_ name: String) -> InputError {
    InputError(
      .data, at: name, "is a damaged or unusual WebP image",
      remedy: "save it again as PNG with an image program")
  }
}
