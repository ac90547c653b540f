import CImageCodecs
import LatticeSupport
import Unaries

/// The rows of a PNG file, decoded from top to bottom.
///
/// Everything but an interlaced image needs memory for the rows asked for only.
final class PNGReader {
  let header: codec_png_header
  private let bytes: CodecBytes
  private let reader: OpaquePointer
  /// Rows that were read.
  private var nextRow = 0

  /// Deflate writes at least a bit for every 258 bytes, and one more for their distance.
  private static let largestDeflateRatio: UInt64 = 1032

  /// Reads the header.
  ///
  /// - Parameters:
  ///   - source: of which nothing has been read yet.
  ///   - keepsTransparency: whether `rgba` will be asked for.
  /// - Throws: `InputError` where it is damaged, or claims what the source cannot hold.
  init(_ source: any ByteSource, keepsTransparency: Bool = false) throws {
    bytes = CodecBytes(source, format: "PNG")
    var header = codec_png_header()
    header.keeps_transparency = keepsTransparency
    reader = try bytes.open(&header, with: codec_png_reader_open)
    self.header = header
    try bytes.check(
      width: header.width, height: header.height, claimed: header.raw_size,
      ratio: Self.largestDeflateRatio)
  }

  deinit { codec_png_reader_close(reader) }

  var name: String { bytes.name }
  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }
  var grid: GridShape { GridShape(width: width, height: height) }

  /// Whether its pixels are colours of their own, not numbers.
  var isColored: Bool {
    header.color == CODEC_PNG_RGB || header.color == CODEC_PNG_RGB_ALPHA
  }

  /// Whether its colours have 16 bits per channel.
  var isDeep: Bool { header.bit_depth == 16 }
  /// The numbers of the file that one of 256 levels spans.
  var unit: Float { isDeep ? Float(Image.Pixels.unitOf16Bits) : 1 }

  /// The whole image in RGB.
  func image() throws -> Image {
    try EncodedImage.checkMemory(grid, bytesPerSample: isDeep ? 6 : 1, name: name)
    guard isDeep else { return try Image(width: width, height: height, rgb: rgb(rows: height)) }
    return try Image(unchecked: .levels(of: deepRGB(rows: height)), grid: grid, channels: 3)
  }

  /// The next `count` rows in RGB, 16 bits; see `rgb`. For images of 16 bits per channel.
  func deepRGB(rows count: Int) throws -> [UInt16] {
    try pixels(CODEC_PNG_RGB_16, rows: count, samplesPerPixel: 3)
  }

  /// The next `count` rows in RGB, 8 bits. An interlaced image gives all of its rows, whatever
  /// `count` is.
  func rgb(rows count: Int) throws -> [UInt8] {
    guard header.color == CODEC_PNG_PALETTE else {
      return try pixels(CODEC_PNG_RGB_8, rows: count, samplesPerPixel: 3)
    }
    let indices = try paletteIndices(rows: count)
    try checkColors(of: indices, from: nextRow - indices.count / width)
    return withUnsafeBytes(of: header.palette) { colors in
      [UInt8](unsafeUninitializedCapacity: 3 * indices.count) { output, count in
        for (pixel, index) in indices.enumerated() {
          for channel in 0..<3 { output[3 * pixel + channel] = colors[3 * Int(index) + channel] }
        }
        count = 3 * indices.count
      }
    }
  }

  /// The next `count` rows in RGB and alpha, 8 bits; see `rgb`. For images with transparency.
  func rgba(rows count: Int) throws -> [UInt8] {
    try pixels(CODEC_PNG_RGBA_8, rows: count, samplesPerPixel: 4)
  }

  /// The next `count` rows of palette indices or gray values, as they are in the file; see `rgb`.
  func samples(rows count: Int) throws -> [UInt16] {
    if header.bit_depth == 16 {
      return try pixels(CODEC_PNG_SAMPLES_16, rows: count, samplesPerPixel: 1)
    }
    if header.color == CODEC_PNG_PALETTE { return try paletteIndices(rows: count).map(UInt16.init) }
    let values: [UInt8] = try pixels(CODEC_PNG_SAMPLES_8, rows: count, samplesPerPixel: 1)
    return values.map(UInt16.init)
  }

  /// Numbers: whether the palette has colours for them matters to who wants to see them only.
  private func paletteIndices(rows count: Int) throws -> [UInt8] {
    try pixels(CODEC_PNG_SAMPLES_8, rows: count, samplesPerPixel: 1)
  }

  private func checkColors(of indices: [UInt8], from first: Int) throws {
    let colors = header.palette_count
    if let pixel = indices.firstIndex(where: { $0 >= colors }) {
      throw InputError(
        .data, at: name,
        "pixel (\(pixel % width), \(first + pixel / width)) has palette index \(indices[pixel]), "
          + "but the palette has \(colors) colours",
        remedy: "save the image again with its whole palette")
    }
  }

  private func pixels<Sample: BitwiseCopyable>(
    _ layout: codec_png_layout, rows: Int, samplesPerPixel: Int
  ) throws -> [Sample] {
    let count = header.is_interlaced ? height : rows
    defer { nextRow += count }
    return try bytes.samples(count: count * width * samplesPerPixel) { room, message in
      let isStarted = nextRow > 0 || codec_png_reader_start(reader, layout, &message)
      return isStarted && codec_png_reader_rows(reader, room, count, &message)
    }
  }
}
