import CImageCodecs

/// The compressed bytes of an image, handed to a codec as it asks for them.
///
/// Codecs in C only see that no more bytes come; why is kept in `failure`.
final class CodecBytes {
  private let source: any ByteSource
  /// Why reading ended before the bytes did.
  private(set) var failure: (any Error)?

  init(_ source: any ByteSource) { self.source = source }

  /// What a codec takes; this object must outlive it.
  var input: codec_input {
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
