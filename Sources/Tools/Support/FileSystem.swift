import Foundation
import Support

/// What the tool asks the file system besides reading and writing.
package enum FileSystem {
  package static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  /// Whether an ordinary file is there, which writing would replace.
  package static func isFile(_ path: String) -> Bool {
    let kind = try? URL(fileURLWithPath: path).resolvingSymlinksInPath()
      .resourceValues(forKeys: [.isRegularFileKey]).isRegularFile
    return kind == true
  }

  /// Whether two paths lead to the same folder.
  package static func isSame(_ first: String, _ second: String) -> Bool {
    let resolved = [first, second].map {
      URL(fileURLWithPath: $0, isDirectory: true).resolvingSymlinksInPath().path
    }
    return resolved[0] == resolved[1]
  }

  /// Whether what is written to `path` mixes with what is printed.
  package static func isStandardOutput(_ path: String) -> Bool {
    ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].contains(path)
  }

  /// The names of the visible files in a folder, sorted.
  ///
  /// - Parameter option: names a folder that goes with it, for messages.
  package static func files(in folder: String, beside option: String) throws -> [String] {
    guard isFolder(folder) else {
      throw InputError(
        .noInput, at: folder,
        exists(folder) ? "is a file, but \(option) is a folder" : "is no folder",
        remedy: "give folders for all inputs and outputs, or files for all")
    }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { !$0.hasPrefix(".") && !isFolder(folder + "/" + $0) }.sorted()
    } catch {
      throw InputError(
        .noInput, at: folder, "cannot be listed", remedy: "check the folder's permissions")
    }
  }

  package static func makeFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw InputError(
        .cannotCreate, at: path, "cannot be made a folder",
        remedy: "check that no file of that name is in the way, and that you may write there")
    }
  }

  /// The name of a file without its folders.
  package static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The name of a file and its ending in lower case: `("a.b", "png")`.
  package static func split(_ name: String) -> (stem: String, ending: String) {
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
    return (String(name[..<dot]), name[name.index(after: dot)...].lowercased())
  }
}
