import CZlib
import LatticeSupport

/// The bytes that a gzip stream holds, inflated as they are asked for. Streams may follow each
/// other, as in files of bgzip.
package final class GzipSource: ByteSource {
  package let name: String
  private let base: any ByteSource
  private var stream = z_stream()
  private let input = AlignedBuffer<UInt8>(uninitialized: inputSize)
  private var isOver = false

  private static let inputSize = 1 << 16
  private let wrapping: Wrapping

  /// What stands around deflated bytes.
  package enum Wrapping: Int32 {
    /// zlib's header and checksum, with the largest window.
    case zlib = 15
    /// gzip's.
    case gzip = 31
  }

  /// - Parameters:
  ///   - base: of which nothing has been read yet.
  ///   - wrapping: what stands around the bytes.
  package init(_ base: any ByteSource, _ wrapping: Wrapping = .gzip) throws {
    name = base.name
    self.base = base
    self.wrapping = wrapping
    let status = inflateInit2_(
      &stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw InputError(.io, at: name, "cannot be inflated") }
  }

  deinit { inflateEnd(&stream) }

  /// Known at the end alone.
  package var remaining: Int? { nil }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let wanted = min(buffer.count, Int(Int32.max))
    stream.next_out = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
    stream.avail_out = UInt32(wanted)
    while !isOver, stream.avail_out == UInt32(wanted) {
      if stream.avail_in == 0 {
        stream.next_in = input.base
        stream.avail_in = UInt32(
          try base.fill(UnsafeMutableRawBufferPointer(start: input.base, count: Self.inputSize)))
        guard stream.avail_in > 0 else { throw damaged("it ends early") }
      }
      switch inflate(&stream, Z_NO_FLUSH) {
      case Z_OK, Z_BUF_ERROR: break
      case Z_STREAM_END: try startNext()
      default: throw damaged(stream.msg.map { String(cString: $0) } ?? "unknown")
      }
    }
    return wanted - Int(stream.avail_out)
  }

  /// Goes on with the stream that follows; anything else behind a stream is not looked at.
  private func startNext() throws {
    if stream.avail_in == 0 {
      stream.next_in = input.base
      stream.avail_in = UInt32(
        try base.fill(UnsafeMutableRawBufferPointer(start: input.base, count: Self.inputSize)))
    }
    guard wrapping == .gzip, stream.avail_in > 0, stream.next_in.pointee == 0x1F else {
      isOver = true
      return
    }
    inflateReset(&stream)
  }

  private func damaged(_ reason: String) -> InputError {
    InputError(
      .data, at: name, "is damaged \(wrapping) data (\(reason))",
      remedy: wrapping == .gzip
        ? "copy or save the file again; gzip -t tests it" : "copy or save the file again")
  }

  /// Where all that is needed was read: looks a little further, so that a stream that ends here has
  /// its checksum compared.
  ///
  /// - Throws: `InputError` where it is wrong.
  package func checkEnd() throws {
    let rest = AlignedBuffer<UInt8>(uninitialized: Self.inputSize)
    _ = try fill(UnsafeMutableRawBufferPointer(start: rest.base, count: Self.inputSize))
  }
}

/// Bytes that are compressed as gzip does on their way to an output. The same bytes give the same
/// file: no time and no name is noted.
final class GzipWriter {
  private let output: AtomicOutput
  private var stream = z_stream()
  private let block = AlignedBuffer<UInt8>(uninitialized: blockSize)

  private static let blockSize = 1 << 18
  private static let windowBits = 15 + 16
  private static let memoryLevel = 8
  /// Nearly as small as the best, in a fraction of the time.
  private static let level = 4

  init(_ output: AtomicOutput) throws {
    self.output = output
    let status = deflateInit2_(
      &stream, Int32(Self.level), Z_DEFLATED, Int32(Self.windowBits), Int32(Self.memoryLevel),
      Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw InputError(.io, at: output.path, "cannot be compressed") }
  }

  deinit { deflateEnd(&stream) }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var first = 0
    while first < bytes.count {
      let count = min(bytes.count - first, 1 << 30)
      stream.next_in = UnsafeMutablePointer(
        mutating: (bytes.baseAddress! + first).assumingMemoryBound(to: UInt8.self))
      stream.avail_in = UInt32(count)
      try deflate(Z_NO_FLUSH)
      first += count
    }
  }

  /// Ends the stream; the output remains to be committed.
  func finish() throws { try deflate(Z_FINISH) }

  private func deflate(_ flush: Int32) throws {
    repeat {
      stream.next_out = block.base
      stream.avail_out = UInt32(Self.blockSize)
      _ = CZlib.deflate(&stream, flush)
      let count = Self.blockSize - Int(stream.avail_out)
      try output.write(UnsafeRawBufferPointer(start: block.base, count: count))
    } while stream.avail_out == 0
  }
}
