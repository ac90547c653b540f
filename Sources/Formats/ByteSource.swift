import LatticeSupport
import Unaries

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes that are read once, from the front: a file, a member of an archive, memory.
package protocol ByteSource: AnyObject {
  /// What the bytes are called in messages.
  var name: String { get }
  /// How many bytes are left; `nil` where that shows only at the end, as in a pipe.
  var remaining: Int? { get }
  /// Puts the next bytes into `buffer`, which is not empty.
  ///
  /// - Returns: how many, 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

extension ByteSource {
  /// Fills `buffer`, or as much of it as there are bytes.
  package func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// The next `limit` bytes, or as many as there are. Memory grows with what arrives.
  package func bytes(upTo limit: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(min(limit, remaining ?? 0))
    while result.count < limit {
      let wanted = min(limit - result.count, transferBlockSize)
      let block = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        count = try fill(UnsafeMutableRawBufferPointer(buffer))
      }
      result += block
      if block.count < wanted { break }
    }
    return result
  }
}

/// Bytes that are moved at a time: large enough for the disk, small beside any array that matters.
package let transferBlockSize = 1 << 20

extension FileSource {
  /// All bytes of a file; `nil` where it cannot be read.
  package static func contents(_ path: String) -> [UInt8]? {
    try? FileSource(path).bytes(upTo: .max)
  }

  /// What it seems to be by its first bytes, which are not consumed.
  package var kind: FileKind { FileKind(prefix: peek(FileKind.prefixLength)) }

  /// Its bytes at any place, which are not consumed.
  var scattered: ScatteredBytes {
    ScatteredBytes { offset, count in self.peek(count, from: offset) }
  }
}

/// A file, read with plain `read` calls: a file that shrinks meanwhile ends early and harms
/// nothing.
package final class FileSource: ByteSource {
  package let name: String
  package private(set) var remaining: Int?
  /// Whether it is an ordinary file, which has a size and can be read from any place.
  package let isRegular: Bool
  private let descriptor: Int32

  /// - Throws: `InputError` where `path` cannot be opened or is a folder.
  package init(_ path: String) throws {
    name = path
    descriptor = retrying {
      path.withSystemPath { open($0, O_RDONLY | O_CLOEXEC | O_NOCTTY) }
    }
    guard descriptor >= 0 else {
      throw InputError(
        .noInput, at: path, "cannot be opened: \(systemMessage())",
        remedy: "check the path and the file's permissions")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = systemMessage()
      close(descriptor)
      throw InputError(.io, at: path, "cannot be examined: \(reason)")
    }
    let kind = status.st_mode & S_IFMT
    guard kind != S_IFDIR else {
      close(descriptor)
      throw InputError(
        .noInput, at: path, "is a folder, but a file is needed", remedy: "name a file in it")
    }
    isRegular = kind == S_IFREG
    remaining = isRegular ? Int(status.st_size) : nil
  }

  deinit { close(descriptor) }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = retrying { systemRead(descriptor, buffer.baseAddress, buffer.count) }
    guard count >= 0 else {
      throw InputError(.io, at: name, "cannot be read: \(systemMessage())")
    }
    if let left = remaining { remaining = max(0, left - count) }
    return count
  }

  /// - Throws: `InputError` where it is a pipe or a device, of which no part can be looked at
  ///   beforehand.
  func checkIsFile() throws {
    guard isRegular else {
      throw InputError(
        .data, at: name, "is not an ordinary file, which tiles could be read from",
        remedy: "save it to a file first, or leave \(name: .tiles) out")
    }
  }

  /// Fills `buffer` from byte `offset` of an ordinary file on; where `read` stands does not change.
  ///
  /// - Throws: `InputError` where it cannot be read, or has become shorter than that.
  package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    var filled = 0
    while filled < buffer.count {
      let count = retrying {
        pread(
          descriptor, buffer.baseAddress! + filled, buffer.count - filled, off_t(offset + filled))
      }
      guard count >= 0 else {
        throw InputError(.io, at: name, "cannot be read: \(systemMessage())")
      }
      guard count > 0 else { throw Self.becameShorter.at(name) }
      filled += count
    }
  }

  /// What is said of a file that ends before its size.
  static var becameShorter: InputError {
    InputError(
      .io, "became shorter while it was read", remedy: "wait until it is completely written")
  }

  /// The file's first bytes, or those from `offset` on, at most `count`, which are not consumed;
  /// fewer where it is shorter or is a pipe.
  package func peek(_ count: Int, from offset: Int = 0) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = max(0, retrying { pread(descriptor, buffer.baseAddress, count, off_t(offset)) })
    }
  }
}

private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int)
  -> Int
{
  read(descriptor, buffer, count)
}

/// Bytes that are in memory already; they must outlive the source.
package final class MemorySource: ByteSource {
  package let name: String
  private var rest: Slice<UnsafeRawBufferPointer>

  package init(_ bytes: UnsafeRawBufferPointer, name: String) {
    self.name = name
    rest = bytes[...]
  }

  package var remaining: Int? { rest.count }

  package func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let part = rest.prefix(buffer.count)
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
    rest = rest.dropFirst(part.count)
    return part.count
  }
}
