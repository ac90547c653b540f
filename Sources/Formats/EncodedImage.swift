import CImageCodecs
import LatticeSupport
import Unaries

/// A compressed image in memory, and what the codecs of all image formats share.
struct EncodedImage {
  let name: String
  let kind: FileKind
  let bytes: [UInt8]

  /// More than any photograph takes; bounds what a pipe without an end can do.
  private static let largestPipe = 1 << 30

  /// - Throws: `InputError` where the file cannot be read or is no PNG, JPEG or WebP image.
  init(_ source: FileSource) throws {
    let prefix = try source.bytes(upTo: FileKind.prefixLength)
    name = source.name
    kind = FileKind(prefix: prefix)
    guard [.png, .jpeg, .webp].contains(kind) else { throw Self.unsupported(kind, name: name) }
    bytes = try prefix + source.bytes(upTo: source.remaining ?? Self.largestPipe)
  }

  static func unsupported(_ kind: FileKind, name: String) -> InputError {
    // A TIFF is an image too: the message must not deny it.
    let problem =
      kind.isPicture
      ? "seems to be \(kind.words), which cannot be read"
      : "is not an image but seems to be \(kind.words)"
    return InputError(
      .data, at: name, problem,
      remedy: kind.remedy ?? "PNG, JPEG and WebP are supported; convert it to PNG")
  }

  /// Checks that an image in RGB fits into memory whole.
  static func checkMemory(_ grid: GridShape, bytesPerSample: Int = 1, name: String) throws {
    let bytesPerPixel = 3 * bytesPerSample
    guard grid.count <= memoryLimit() / bytesPerPixel else {
      throw InputError(
        .data, at: name, "has \(grid) pixels, more than there is memory for",
        remedy: "refine it in tiles (\(set: .tiles(2048)))")
    }
  }

  static func damaged(_ format: String, _ message: codec_message, name: String) -> InputError {
    InputError(
      .data, at: name, "is a damaged or unusual \(format) image (\(text(of: message)))",
      remedy: "save it again as PNG with an image program")
  }

  static func unwritten(_ format: String, _ message: codec_message, name: String) -> InputError {
    InputError(.io, at: name, "cannot be made a \(format) image: \(text(of: message))")
  }

  private static func text(of message: codec_message) -> String {
    withUnsafeBytes(of: message.text) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
