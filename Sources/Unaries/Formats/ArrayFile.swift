import Support

/// Arrays from files of any supported format.
public enum ArrayFile {
  /// Reads an NPY file, or an array of an NPZ archive; the contents decide, not the name.
  ///
  /// - Parameter path: the file.
  /// - Parameter member: which array of an archive; may be left out where there is only one.
  /// - Throws: `InputError` where the file is something else, or as `NPY.read` and `NPZ.read` do.
  public static func read(_ path: String, member: String? = nil) throws -> NumericArray {
    let kind = FileKind(prefix: try FileSource(path).peek(FileKind.prefixLength))
    if kind == .zip { return try NPZ.read(path, member: member) }
    guard member == nil else {
      throw InputError(
        .usage, at: path, "is \(kind.words), in which no member can be named",
        remedy: "leave the member out, or give an NPZ archive")
    }
    return try NPY.read(path)
  }
}
