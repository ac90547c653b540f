import LatticeSupport
import Synchronization
import Unaries

/// All arrays of an NPZ archive: what each is, and its numbers when they are asked for.
///
/// Unlike `NPZ.read`, it takes arrays without numbers, and refuses names that stand twice.
package final class NPZArrays: Sendable {
  /// An array that has not been read.
  package struct Entry: Sendable {
    /// As NumPy knows it, without `.npy`.
    package let name: String
    /// The length of each axis, slowest first.
    package let shape: [Int]
    package let number: StoredNumber
    /// The product of `shape`.
    package let count: Int
    fileprivate let member: ZipArchive.Member
  }

  package let entries: [Entry]
  // One reader at a time: `lock` is held whenever it is used.
  private nonisolated(unsafe) let archive: ZipArchive
  private let lock = Mutex(())

  /// Reads the header of every array.
  ///
  /// - Throws: `InputError` where the file is not such an archive, or an array cannot be used.
  package init(_ path: String) throws {
    let archive = try ZipArchive(path)
    entries = try Self.entries(of: archive)
    self.archive = archive
  }

  private static func entries(of archive: ZipArchive) throws -> [Entry] {
    var seen: Set<String> = []
    return try archive.members.map { member in
      guard seen.insert(member.arrayName).inserted else {
        throw InputError(
          .data, at: archive.name, "holds two arrays of the name \(quoted(member.arrayName))",
          remedy: "save it again with numpy.savez, with one array a name")
      }
      let header = try open(member, in: archive).decoder.header
      return Entry(
        name: member.arrayName, shape: header.shape, number: header.number, count: header.count,
        member: member)
    }
  }

  /// A member behind its header, which agrees with its length.
  private static func open(
    _ member: ZipArchive.Member, in archive: ZipArchive
  ) throws -> (source: ZipMemberSource, decoder: NPYDecoder) {
    let source = try ZipMemberSource(archive, member)
    do {
      let decoder = NPYDecoder(header: try NPYHeader(from: source, takesEmpty: true))
      try decoder.checkLength(source.remaining ?? 0)
      return (source, decoder)
    } catch let error as InputError {
      throw error.at(source.name)
    }
  }

  /// Reads an array into room for its numbers, in C order.
  ///
  /// - Throws: `InputError` where the archive is damaged or a number is too large for float32.
  package func read(_ entry: Entry, into output: UnsafeMutableBufferPointer<Float>) throws {
    try lock.withLock { _ in
      let (source, decoder) = try Self.open(entry.member, in: archive)
      // The file may have changed since its headers were read.
      guard decoder.header.count == entry.count, output.count == entry.count else {
        throw FileSource.becameShorter.at(source.name)
      }
      do {
        try decoder.read(source, into: output)
      } catch let error as InputError {
        throw error.at(source.name)
      }
      try source.finish()
    }
  }
}
