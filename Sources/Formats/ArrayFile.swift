import LatticeSupport
import Unaries

/// Arrays from files of any supported format.
public enum ArrayFile {
  /// Endings of arrays.
  package static let endings = ["npy", "npz"]

  /// The array of a stem where `path` is a folder of them; else `path` itself.
  package static func path(_ stem: String, of path: String) -> String {
    guard FolderListing.isFolder(path) else { return path }
    return FolderListing.file(stem, in: path, endings: endings) ?? "\(path)/\(stem).npy"
  }

  /// Reads an NPY file, or an array of an NPZ archive; the contents decide, not the name.
  ///
  /// - Parameter path: the file.
  /// - Parameter member: which array of an archive; may be left out where there is only one.
  /// - Throws: `InputError` where the file is something else, or as `NPY.read` and `NPZ.read` do.
  public static func read(_ path: String, member: String? = nil) throws -> NumericArray {
    let kind = try FileSource(path).kind
    if kind == .zip { return try NPZ.read(path, member: member) }
    guard member == nil else {
      throw InputError(
        .usage, at: path, "is \(kind.words), in which no member can be named",
        remedy: "leave the member out, or give an NPZ archive")
    }
    return try NPY.read(path)
  }

  /// The kind of numbers that an array is stored as; `nil` where it shows only by reading it, as in
  /// a pipe.
  ///
  /// - Throws: as `read(_:member:)` does.
  package static func number(_ path: String, member: String? = nil) throws -> StoredNumber? {
    let source = try FileSource(path)
    guard source.isRegular else { return nil }
    guard source.kind == .zip else {
      do {
        return try NPYHeader(from: source).number
      } catch let error as InputError {
        throw error.at(path)
      }
    }
    return try NPZ.number(path, member: member)
  }

  /// The same array, to be read a box at a time.
  ///
  /// Of an NPY file nothing but the boxes is read. An archive, which is compressed, and a pipe are
  /// held in memory whole.
  /// - Throws: as `read(_:member:)` does; of an NPY file, the numbers are looked at only as they
  ///   are read.
  package static func boxes(_ path: String, member: String? = nil) throws -> any BoxSource {
    let source = try FileSource(path)
    guard source.isRegular, member == nil,
      source.kind != .zip
    else { return try read(path, member: member) }
    return try NPYBoxes(path)
  }
}

extension DescriptionContext {
  /// Arrays and texts by the paths of their files.
  public static let files = DescriptionContext(
    array: { try ArrayFile.read($0) },
    text: { try TextFile.read($0, as: "a model", upTo: longestText) })

  /// Far more than any model takes, with a matrix of costs written out.
  private static let longestText = 1 << 24
}
