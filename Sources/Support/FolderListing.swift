#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What lies in a folder.
package enum FolderListing {
  /// Whether there is anything at `path`.
  package static func exists(_ path: String) -> Bool {
    path.withSystemPath { access($0, F_OK) } == 0
  }

  /// Whether there is a folder at `path`, or a link to one.
  package static func isFolder(_ path: String) -> Bool { kind(of: path) == S_IFDIR }

  /// Whether there is an ordinary file at `path`, or a link to one.
  package static func isFile(_ path: String) -> Bool { kind(of: path) == S_IFREG }

  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return path.withSystemPath { stat($0, &status) } == 0 ? status.st_mode & S_IFMT : nil
  }

  /// The path from the root without links and dots; `nil` where nothing is there.
  package static func resolved(_ path: String) -> String? {
    guard let buffer = path.withSystemPath({ realpath($0, nil) }) else { return nil }
    defer { free(buffer) }
    return String(systemPath: buffer)
  }

  /// Makes a folder, and those that it is to lie in. Whether it is there then.
  package static func make(_ path: String) -> Bool {
    if isFolder(path) { return true }
    if let slash = path.dropLast().lastIndex(of: "/"), slash != path.startIndex {
      guard make(String(path[..<slash])) else { return false }
    }
    // Another program may have been faster.
    return path.withSystemPath { mkdir($0, 0o777) } == 0 || isFolder(path)
  }

  /// Makes a folder, and those that it is to lie in, unless it is there.
  ///
  /// - Throws: `InputError` of kind `.cannotCreate` where it cannot be made.
  package static func create(_ path: String) throws {
    guard make(path) else {
      throw InputError(
        .cannotCreate, at: path, "cannot be made a folder",
        remedy: "check that no file of that name is in the way, and that you may write there")
    }
  }

  /// The names of what is visible in a folder, sorted; folders among them.
  ///
  /// - Throws: `InputError` where it is not a folder or cannot be listed.
  package static func names(in folder: String) throws -> [String] {
    guard let stream = folder.withSystemPath({ opendir($0) }) else {
      throw InputError(
        .noInput, at: folder, "cannot be listed: \(systemMessage())",
        remedy: "check the path and the folder's permissions")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(systemPath: $0.prefix { $0 != 0 })
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// The names of the visible files in a folder, sorted; what lies in it that is no folder.
  ///
  /// - Throws: as `names(in:)` does.
  package static func files(in folder: String) throws -> [String] {
    try names(in: folder).filter { !isFolder("\(folder)/\($0)") }
  }

  /// Whether two paths lead to the same file or folder.
  package static func isSame(_ first: String, _ second: String) -> Bool {
    let resolved = [first, second].map { Self.resolved($0) ?? $0 }
    return resolved[0] == resolved[1]
  }

  /// The name of a file without its folders.
  package static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// A file's name without its folders and its ending, and the ending in lower case: `("a.b",
  /// "png")`. That of a compressed volume is `nii.gz`.
  package static func split(_ path: String) -> (stem: String, ending: String) {
    let name = name(of: path)
    let volume = ".nii.gz"
    if name.count > volume.count, name.lowercased().hasSuffix(volume) {
      return (String(name.dropLast(volume.count)), String(volume.dropFirst()))
    }
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
    return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
  }

  /// The path of the file `stem` in a folder whose ending is one of `endings`, the first in their
  /// order, in small or capital letters (`.jpg`, `.JPG`, `.Jpg`); `nil` where there is none.
  ///
  /// - Complexity: O(endings) questions to the file system; the folder is not listed.
  package static func file(_ stem: String, in folder: String, endings: [String]) -> String? {
    let spellings = endings.flatMap {
      [$0, $0.uppercased(), $0.prefix(1).uppercased() + $0.dropFirst()]
    }
    return spellings.lazy.map { "\(folder)/\(stem).\($0)" }.first(where: exists)
  }
}
