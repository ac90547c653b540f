import CImageCodecs
import LatticeSupport
import Unaries

/// The compressed bytes of an image, handed to a codec as it asks for them.
///
/// Codecs in C only see that no more bytes come; why is kept in `failure`, and thrown in place of
/// what the codec made of it.
final class CodecBytes {
  /// The name of the format, for messages.
  private let format: String
  private let source: any ByteSource
  /// In bytes; `nil` where that is not known.
  private let fileSize: Int?
  /// Why reading ended before the bytes did.
  private var failure: (any Error)?

  init(_ source: any ByteSource, format: String) {
    self.source = source
    self.format = format
    fileSize = source.remaining
  }

  var name: String { source.name }

  /// A codec that has read the header; this object must outlive it.
  ///
  /// - Throws: `InputError` where `open` fails, returning `nil`.
  func open<Header>(
    _ header: inout Header,
    with open: (
      codec_input, UnsafeMutablePointer<Header>?, UnsafeMutablePointer<codec_message>?
    ) -> OpaquePointer?
  ) throws -> OpaquePointer {
    var message = codec_message()
    guard let codec = open(input, &header, &message) else { throw error(message) }
    return codec
  }

  /// Checks that the file can hold the pixels that its header claims.
  ///
  /// - Parameters:
  ///   - claimed: what the file must at least contain in compressed form, in a unit of choice.
  ///   - ratio: how many such units a byte of the file can stand for at most.
  func check(width: UInt32, height: UInt32, claimed: UInt64, ratio: UInt64) throws {
    guard let fileSize, claimed / ratio > UInt64(fileSize) else { return }
    throw InputError(
      .data, at: name,
      "claims \(width)×\(height) pixels, which a file of \(fileSize) bytes cannot hold",
      remedy: "the file is damaged: save or copy it again")
  }

  /// Samples that a codec puts in place.
  ///
  /// - Throws: `InputError` where `decode` fails, returning false.
  func samples<Sample: BitwiseCopyable>(
    count: Int, _ decode: (UnsafeMutablePointer<Sample>?, inout codec_message) -> Bool
  ) throws -> [Sample] {
    try [Sample](unsafeUninitializedCapacity: count) { buffer, filled in
      var message = codec_message()
      guard decode(buffer.baseAddress, &message) else { throw error(message) }
      filled = count
    }
  }

  private func error(_ message: codec_message) -> any Error {
    failure ?? EncodedImage.damaged(format, message, name: name)
  }

  private var input: codec_input {
    codec_input(
      read: { context, bytes, count in
        let owner = Unmanaged<CodecBytes>.fromOpaque(context!).takeUnretainedValue()
        return owner.fill(UnsafeMutableRawBufferPointer(start: bytes, count: count))
      }, context: Unmanaged.passUnretained(self).toOpaque())
  }

  private func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    do {
      return try source.read(into: buffer)
    } catch {
      failure = error
      return 0
    }
  }
}
