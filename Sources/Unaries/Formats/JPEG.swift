import CImageCodecs
import Support

/// Photographs in JPEG files, baseline or progressive.
public enum JPEG {
  /// A byte stands for at most so many pixels: a block of 64 takes a bit or more of its own, and some
  /// channels may have fewer blocks than pixels would need.
  private static let mostPixelsPerByte: UInt64 = 1024

  /// Reads an image in 8-bit RGB; gray becomes RGB.
  ///
  /// - Throws: `InputError` where the file cannot be read, ends early, is damaged, or is in CMYK.
  public static func read(_ path: String) throws -> Image {
    let file = try EncodedImage(path)
    return try file.bytes.withUnsafeBytes { try decode($0, name: path) }
  }

  /// The image in the bytes of a JPEG file; `name` stands for the file in messages.
  package static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
    let data = bytes.assumingMemoryBound(to: UInt8.self)
    var header = codec_jpeg_header()
    var message = codec_message()
    guard codec_jpeg_read_header(data.baseAddress, data.count, &header, &message) else {
      throw EncodedImage.damaged("JPEG", message, name: name)
    }
    guard header.components == 1 || header.components == 3 else {
      let what = header.components == 4 ? "CMYK" : "\(header.components) channels"
      throw InputError(
        .data, at: name, "is a JPEG image in \(what); gray and colour (RGB) are supported",
        remedy: "convert it to RGB with an image program")
    }
    try EncodedImage.check(
      width: header.width, height: header.height,
      claimed: UInt64(header.width) * UInt64(header.height), ratio: mostPixelsPerByte,
      fileSize: data.count, name: name)
    let (width, height) = (Int(header.width), Int(header.height))
    let pixels: [UInt8] = try EncodedImage.pixels(
      count: 3 * width * height, format: "JPEG", name: name
    ) {
      codec_jpeg_read_pixels(data.baseAddress, data.count, $0.baseAddress, $0.count, $1)
    }
    return try Image(width: width, height: height, rgb: pixels)
  }
}
