import Formats
import LatticeSupport
import Unaries

/// The bytes of a checkpoint, any part of which can be read at any time and from any thread.
package final class StoredBytes: Sendable {
  /// What the bytes are called in messages: a file's path.
  let name: String
  let count: Int
  private let backing: Backing

  private enum Backing: @unchecked Sendable {
    // Only read at offsets, which changes nothing in it.
    case file(FileSource)
    case memory([UInt8])
  }

  /// - Throws: `InputError` where `path` cannot be opened, is not an ordinary file, or has only
  ///   been put where the checkpoint should be.
  package init(_ path: String) throws {
    let file = try FileSource(path)
    guard file.isRegular, let count = file.remaining else {
      throw InputError(
        .data, at: path, "is a pipe or a device; parts of a checkpoint are read in any order",
        remedy: "save it to a file first")
    }
    name = path
    self.count = count
    backing = .file(file)
    if let placeholder = Placeholder(prefix: try prefix(Placeholder.prefixLength)) {
      throw placeholder.error(at: path)
    }
  }

  /// Bytes in memory; `name` stands for the file in messages.
  package init(_ bytes: [UInt8], name: String) {
    self.name = name
    count = bytes.count
    backing = .memory(bytes)
  }

  /// Fills `buffer` from byte `offset` on; all of it lies within the bytes.
  ///
  /// - Throws: `InputError` where a file cannot be read, or has become shorter.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    precondition(
      offset >= 0 && buffer.count <= count - offset,
      "\(buffer.count) bytes at \(offset) of \(count)")
    switch backing {
    case .file(let file): try file.read(at: offset, into: buffer)
    case .memory(let bytes):
      bytes.withUnsafeBytes {
        let part = $0[offset...].prefix(buffer.count)
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: part))
      }
    }
  }

  /// The bytes in `range`.
  func bytes(_ range: Range<Int>) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      try read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
      count = range.count
    }
  }

  /// The first bytes, at most `limit`.
  func prefix(_ limit: Int) throws -> [UInt8] { try bytes(0..<min(limit, count)) }
}
