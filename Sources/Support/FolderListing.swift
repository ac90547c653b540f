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
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// Whether there is a folder at `path`, or a link to one.
  package static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names of what is visible in a folder, sorted; folders among them.
  ///
  /// - Throws: `InputError` where it is no folder or cannot be listed.
  package static func names(in folder: String) throws -> [String] {
    guard let stream = opendir(folder) else {
      throw InputError(
        .noInput, at: folder, "cannot be listed: \(systemMessage())",
        remedy: "check the path and the folder's permissions")
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// A file's name without its folders and its ending, and the ending in lower case: `("a.b",
  /// "png")`.
  package static func split(_ path: String) -> (stem: String, ending: String) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
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
