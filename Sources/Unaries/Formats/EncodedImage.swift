import CImageCodecs
import Support

/// A compressed image in memory, and what the readers of all image formats share.
struct EncodedImage {
  let name: String
  let kind: FileKind
  let bytes: [UInt8]

  /// More than any photograph takes; bounds what a pipe without an end can do.
  private static let largestPipe = 1 << 30

  /// - Throws: `InputError` where `path` cannot be read or is neither PNG nor JPEG.
  init(_ path: String) throws {
    let source = try FileSource(path)
    let prefix = try source.bytes(upTo: FileKind.prefixLength)
    name = path
    kind = FileKind(prefix: prefix)
    guard kind == .png || kind == .jpeg else { throw Self.unsupported(kind, name: path) }
    bytes = try prefix + source.bytes(upTo: source.remaining ?? Self.largestPipe)
  }

  static func unsupported(_ kind: FileKind, name: String) -> InputError {
    // A TIFF is an image too: the message must not deny it.
    let problem =
      kind.words.contains(" image")
      ? "seems to be \(kind.words), which cannot be read"
      : "is not an image but seems to be \(kind.words)"
    return InputError(
      .data, at: name, problem, remedy: "PNG and JPEG are supported; convert it to PNG")
  }

  /// Checks that a file can hold the pixels that its header claims.
  ///
  /// - Parameters:
  ///   - claimed: what the file must at least contain in compressed form, in a unit of choice.
  ///   - ratio: how many such units a byte of the file can stand for at most.
  ///   - fileSize: in bytes; `nil` where nobody knows.
  static func check(
    width: UInt32, height: UInt32, claimed: UInt64, ratio: UInt64, fileSize: Int?, name: String
  ) throws {
    guard let fileSize, claimed / ratio > UInt64(fileSize) else { return }
    throw InputError(
      .data, at: name,
      "claims \(width)×\(height) pixels, which a file of \(fileSize) bytes cannot hold",
      remedy: "the file is damaged: save or copy it again")
  }

  /// Checks that an image in RGB fits into memory whole.
  static func checkMemory(_ grid: GridShape, name: String) throws {
    let bytesPerPixel = 3
    guard grid.count <= physicalMemory() / bytesPerPixel else {
      throw InputError(
        .data, at: name, "has \(grid) pixels, more than this machine's memory",
        remedy: "refine it in tiles (--tile 2048)")
    }
  }

  /// Pixels that a codec puts in place.
  static func pixels<Sample: BitwiseCopyable>(
    count: Int, _ decode: (UnsafeMutableBufferPointer<Sample>) throws -> Void
  ) throws -> [Sample] {
    try [Sample](unsafeUninitializedCapacity: count) { buffer, filled in
      try decode(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
      filled = count
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
