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
    guard kind == .png || kind == .jpeg else {
      // A TIFF is an image too: the message must not deny it.
      let problem =
        kind.words.contains(" image")
        ? "seems to be \(kind.words), which cannot be read"
        : "is not an image but seems to be \(kind.words)"
      throw InputError(
        .data, at: path, problem, remedy: "PNG and JPEG are supported; convert it to PNG")
    }
    bytes = try prefix + source.bytes(upTo: source.remaining ?? Self.largestPipe)
  }

  /// Room for the pixels that a header claims, after checking that the file can hold them at all.
  ///
  /// - Parameters:
  ///   - claimed: what the file must at least contain in compressed form, in a unit of choice.
  ///   - ratio: how many such units a byte of the file can stand for at most.
  static func check(
    width: UInt32, height: UInt32, claimed: UInt64, ratio: UInt64, fileSize: Int, name: String
  ) throws {
    guard claimed / ratio <= UInt64(fileSize) else {
      throw InputError(
        .data, at: name,
        "claims \(width)×\(height) pixels, which a file of \(fileSize) bytes cannot hold",
        remedy: "the file is damaged: save or copy it again")
    }
    let bytesPerPixel: UInt64 = 3
    guard UInt64(width) * UInt64(height) <= UInt64(physicalMemory()) / bytesPerPixel else {
      throw InputError(
        .data, at: name, "has \(width)×\(height) pixels, more than this machine's memory",
        remedy: "cut it into tiles")
    }
  }

  /// Pixels that a codec puts in place.
  static func pixels<Sample: BitwiseCopyable>(
    count: Int, format: String, name: String,
    _ decode: (UnsafeMutableBufferPointer<Sample>, UnsafeMutablePointer<codec_message>) -> Bool
  ) throws -> [Sample] {
    try [Sample](unsafeUninitializedCapacity: count) { buffer, filled in
      var message = codec_message()
      let room = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
      guard decode(room, &message) else { throw damaged(format, message, name: name) }
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
