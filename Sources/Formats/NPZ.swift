import LatticeSupport
import Unaries

/// NumPy's archives of arrays: ZIP files whose members are NPY files.
///
/// Members are decompressed in memory, a block at a time, and nothing is ever extracted to disk.
public enum NPZ {
  /// Reads one array: the only one in the archive, or the one named `member`.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - member: the array's name as NumPy knows it (`arr_0`), or the member's (`arr_0.npy`).
  /// - Throws: `InputError` where the archive cannot be read, is damaged, or has several arrays and
  ///   none is named; it lists them. See `NPY.read(_:)` for the array itself.
  /// - Complexity: O(N) time; the result and one block of 1 MiB in memory.
  public static func read(_ path: String, member: String? = nil) throws -> NumericArray {
    try read(ZipArchive(path), member: member)
  }

  /// An array in the bytes of an archive; `name` stands for the file in messages.
  package static func decode(
    _ bytes: UnsafeRawBufferPointer, name: String, member: String? = nil
  ) throws -> NumericArray {
    try read(ZipArchive(bytes, name: name), member: member)
  }

  /// The kind of numbers that one array is stored as; see `read(_:member:)`.
  static func number(_ path: String, member: String?) throws -> StoredNumber {
    let archive = try ZipArchive(path)
    let source = try ZipMemberSource(archive, choose(from: archive, member))
    do {
      return try NPYHeader(from: source).number
    } catch let error as InputError {
      throw error.at(source.name)
    }
  }

  private static func read(_ archive: ZipArchive, member: String?) throws -> NumericArray {
    let source = try ZipMemberSource(archive, choose(from: archive, member))
    let array = try NPY.decode(source)
    try source.finish()
    return array
  }

  private static func choose(
    from archive: ZipArchive, _ wanted: String?
  ) throws -> ZipArchive.Member {
    let members = archive.members
    guard !members.isEmpty else {
      throw InputError(
        .data, at: archive.name, "is an archive without members",
        remedy: "save the array with numpy.savez(path, array)")
    }
    let names = members.prefix(20).map { quoted($0.arrayName) }.joined(separator: ", ")
    let list = members.count > 20 ? names + ", …" : names
    guard let wanted else {
      guard members.count == 1 else {
        throw InputError(
          .data, at: archive.name, "holds \(members.count) arrays: \(list)",
          remedy: """
            choose the scores with \(set: .chosen(.member)); an image needs an archive of its own
            """)
      }
      return members[0]
    }
    guard let member = members.first(where: { $0.name == wanted || $0.arrayName == wanted }) else {
      throw InputError(
        .data, at: archive.name, "has no array \(quoted(wanted)); it holds \(list)",
        remedy: "name one of these")
    }
    return member
  }
}
