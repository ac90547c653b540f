import CImageCodecs
import LatticeSupport
import Unaries

/// The rows of a JPEG file, decoded from top to bottom.
///
/// A baseline image needs memory for the rows asked for only; of a progressive one the decoder
/// holds all coefficients.
final class JPEGReader {
  let header: codec_jpeg_header
  private let bytes: CodecBytes
  private let reader: OpaquePointer
  private var isStarted = false
  /// Rows that were read.
  private var nextRow = 0

  /// A byte stands for at most so many pixels: a block of 64 takes a bit or more of its own, and
  /// some channels may have fewer blocks than pixels would need.
  private static let mostPixelsPerByte: UInt64 = 1024

  /// Reads the header.
  ///
  /// - Throws: `InputError` where it is damaged, claims what the source cannot hold, or has another
  ///   number of channels than gray, colour and CMYK.
  init(_ source: any ByteSource) throws {
    bytes = CodecBytes(source, format: "JPEG")
    var header = codec_jpeg_header()
    reader = try bytes.open(&header, with: codec_jpeg_reader_open)
    self.header = header
    guard [1, 3, 4].contains(header.components) else {
      throw InputError(
        .data, at: bytes.name,
        "is a JPEG image in \(header.components) channels; gray, colour (RGB) and CMYK are supported",
        remedy: "convert it to RGB with an image program")
    }
    try bytes.check(
      width: header.width, height: header.height,
      claimed: UInt64(header.width) * UInt64(header.height), ratio: Self.mostPixelsPerByte)
  }

  deinit { codec_jpeg_reader_close(reader) }

  var width: Int { Int(header.width) }
  var height: Int { Int(header.height) }
  var grid: GridShape { GridShape(width: width, height: height) }

  /// The next `count` rows in RGB, 8 bits. With the last row, what was odd about the file is
  /// reported.
  func rgb(rows count: Int) throws -> [UInt8] {
    let pixels: [UInt8] = try bytes.samples(count: 3 * width * count) { room, message in
      let canRead = isStarted || codec_jpeg_reader_start(reader, &message)
      isStarted = true
      return canRead && codec_jpeg_reader_rows(reader, room, count, &message)
    }
    nextRow += count
    if nextRow == height { reportOddity() }
    return pixels
  }

  private func reportOddity() {
    let text = String(cString: codec_jpeg_reader_warning(reader))
    guard !text.isEmpty else { return }
    InputWarning(
      at: bytes.name, "is an unusual JPEG file (\(text)), but all of its pixels could be read",
      remedy: "save it again as PNG to get rid of this warning"
    ).report()
  }
}
