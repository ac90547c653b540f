import LatticeSupport
import Synchronization
import Unaries

/// Arrays from files of any supported format.
public enum ArrayFile {
  /// Endings of arrays.
  package static let endings = ["npy", "npz", "tif", "tiff", "nii.gz", "nii", "mat"]

  /// The array of a stem where `path` is a folder of them; else `path` itself.
  package static func path(_ stem: String, of path: String) -> String {
    guard FolderListing.isFolder(path) else { return path }
    return FolderListing.file(stem, in: path, endings: endings) ?? "\(path)/\(stem).npy"
  }

  /// Reads an NPY file, an array of an NPZ archive or a MATLAB file, a NIfTI volume, or the bands
  /// or pages of a TIFF image; the contents decide, not the name.
  ///
  /// - Parameter path: the file.
  /// - Parameter member: which array of an archive; may be left out where there is only one.
  /// - Throws: `InputError` where the file is something else, or as `NPY.read` and `NPZ.read` do.
  public static func read(_ path: String, member: String? = nil) throws -> NumericArray {
    let source = try FileSource(path)
    if let array = try tensor(source, member) { return array }
    if source.kind == .zip { return try NPZ.read(path, member: member) }
    if source.kind == .matlab { return try MAT.read(path, member: member) }
    try checkHasNoMember(source, member)
    if NIfTI.isVolume(source) { return try NIfTI.read(path).array }
    if source.kind == .tiff {
      let scores = try TIFFScores(path)
      return try scores.read(scores.shape.map { 0..<$0 })
    }
    return try NPY.read(path)
  }

  private static let tensors = Mutex<(@Sendable (String, String?) throws -> NumericArray?)?>(nil)

  /// Asks `reader` for the arrays of files that are none of the formats here from now on.
  ///
  /// - Parameter reader: gets the path and the name of a member, if one is named; gives `nil` where
  ///   the file is of no format that it knows.
  package static func readTensors(
    by reader: @escaping @Sendable (_ path: String, _ member: String?) throws -> NumericArray?
  ) {
    tensors.withLock { $0 = reader }
  }

  /// The array of a file of another module's format.
  private static func tensor(_ source: FileSource, _ member: String?) throws -> NumericArray? {
    switch source.kind {
    case .zip, .other: try tensors.withLock { $0 }?(source.name, member)
    default: nil
    }
  }

  private static func checkHasNoMember(_ source: FileSource, _ member: String?) throws {
    guard member == nil || source.kind == .zip else {
      throw InputError(
        .usage, at: source.name, "is \(source.kind.words), in which no member can be named",
        remedy: "leave the member out, or give an NPZ archive")
    }
  }

  /// The kind of numbers that an array is stored as; `nil` where it shows only by reading it, as in
  /// a pipe.
  ///
  /// - Throws: as `read(_:member:)` does.
  package static func number(_ path: String, member: String? = nil) throws -> StoredNumber? {
    let source = try FileSource(path)
    guard source.isRegular else { return nil }
    if NIfTI.isVolume(source) {
      let header = try NIfTIFile(path).header
      return header.scale == nil ? header.number : .float32
    }
    if source.kind == .tiff { return try TIFFScores(path).number }
    if case .other = source.kind { return nil }
    if source.kind == .matlab { return nil }
    guard source.kind == .zip else {
      do {
        return try NPYHeader(from: source).number
      } catch let error as InputError {
        throw error.at(path)
      }
    }
    if try tensor(source, member) != nil { return nil }
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
    guard source.isRegular, ![.zip, .matlab].contains(source.kind) else {
      return try read(path, member: member)
    }
    if let array = try tensor(source, member) { return array }
    try checkHasNoMember(source, member)
    if NIfTI.isVolume(source) { return try NIfTIBoxes(path) }
    if source.kind == .tiff { return try TIFFScores(path) }
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
