import CImageCodecs
import Support

/// Images and label maps in PNG files.
public enum PNG {
  /// Reads an image of any PNG kind in 8-bit RGB.
  ///
  /// Gray becomes RGB, palette indices become their colours, 16 bits are reduced to 8, alpha is dropped.
  /// - Throws: `InputError` where the file cannot be read or is damaged.
  public static func read(_ path: String) throws -> Image {
    try withBytes(of: path) { try decode($0, name: path) }
  }

  /// The image in the bytes of a PNG file; `name` stands for the file in messages.
  package static func decode(_ bytes: UnsafeRawBufferPointer, name: String) throws -> Image {
    let file = try PNGFile(bytes, name: name)
    return try Image(width: file.width, height: file.height, rgb: file.rgb())
  }

  /// Reads a label map: labels as palette indices or gray values, or as colours that a palette
  /// translates.
  ///
  /// - Throws: `InputError` where the file cannot be read or is damaged.
  public static func readLabels(_ path: String) throws -> LabelPicture {
    try withBytes(of: path) { try decodeLabels($0, name: path) }
  }

  /// The label map in the bytes of a PNG file; `name` stands for the file in messages.
  package static func decodeLabels(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws -> LabelPicture {
    let file = try PNGFile(bytes, name: name)
    let pixels: LabelPicture.Pixels =
      switch file.header.color {
      case CODEC_PNG_RGB, CODEC_PNG_RGB_ALPHA: .colors(try file.rgb())
      default: .indices(try file.samples())
      }
    return LabelPicture(
      name: name, grid: GridShape(width: file.width, height: file.height), pixels: pixels)
  }

  private static func withBytes<Result>(
    of path: String, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let file = try EncodedImage(path)
    guard file.kind == .png else {
      throw InputError(
        .data, at: path, "is \(file.kind.words), but a PNG image is needed",
        remedy: "convert it to PNG; JPEG does not keep labels exactly")
    }
    return try file.bytes.withUnsafeBytes(body)
  }
}

/// A PNG file in memory whose header has been read and found plausible.
private struct PNGFile {
  let header: codec_png_header
  let name: String
  private let bytes: UnsafeBufferPointer<UInt8>

  /// Deflate writes at least a bit for every 258 bytes, and one more for their distance.
  private static let largestDeflateRatio: UInt64 = 1032

  init(_ bytes: UnsafeRawBufferPointer, name: String) throws {
    self.bytes = bytes.assumingMemoryBound(to: UInt8.self)
    self.name = name
    var header = codec_png_header()
    var message = codec_message()
    guard codec_png_read_header(self.bytes.baseAddress, bytes.count, &header, &message) else {
      throw EncodedImage.damaged("PNG", message, name: name)
    }
    try EncodedImage.check(
      width: header.width, height: header.height, claimed: header.raw_size,
      ratio: Self.largestDeflateRatio, fileSize: bytes.count, name: name)
    self.header = header
  }

  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }

  func rgb() throws -> [UInt8] {
    guard header.color == CODEC_PNG_PALETTE else {
      return try pixels(CODEC_PNG_RGB_8, samplesPerPixel: 3)
    }
    let indices = try paletteIndices()
    return withUnsafeBytes(of: header.palette) { colors in
      [UInt8](unsafeUninitializedCapacity: 3 * indices.count) { output, count in
        for (pixel, index) in indices.enumerated() {
          for channel in 0..<3 { output[3 * pixel + channel] = colors[3 * Int(index) + channel] }
        }
        count = 3 * indices.count
      }
    }
  }

  /// Palette indices or gray values, as they are in the file.
  func samples() throws -> [UInt16] {
    if header.bit_depth == 16 { return try pixels(CODEC_PNG_SAMPLES_16, samplesPerPixel: 1) }
    if header.color == CODEC_PNG_PALETTE { return try paletteIndices().map(UInt16.init) }
    let values: [UInt8] = try pixels(CODEC_PNG_SAMPLES_8, samplesPerPixel: 1)
    return values.map(UInt16.init)
  }

  private func paletteIndices() throws -> [UInt8] {
    let indices: [UInt8] = try pixels(CODEC_PNG_SAMPLES_8, samplesPerPixel: 1)
    let count = header.palette_count
    if let pixel = indices.firstIndex(where: { $0 >= count }) {
      throw InputError(
        .data, at: name,
        "pixel (\(pixel % width), \(pixel / width)) has palette index \(indices[pixel]), "
          + "but the palette has \(count) colours",
        remedy: "save the image again with its whole palette")
    }
    return indices
  }

  private func pixels<Sample: BitwiseCopyable>(
    _ layout: codec_png_layout, samplesPerPixel: Int
  ) throws -> [Sample] {
    try EncodedImage.pixels(
      count: width * height * samplesPerPixel, format: "PNG", name: name
    ) {
      codec_png_read_pixels(
        bytes.baseAddress, bytes.count, layout, $0.baseAddress,
        $0.count * MemoryLayout<Sample>.size, $1)
    }
  }
}
