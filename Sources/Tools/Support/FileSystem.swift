import Formats
import LatticeSupport
import Unaries

/// What the tool asks the file system besides reading and writing.
package enum FileSystem {
  package static func exists(_ path: String) -> Bool { FolderListing.exists(path) }

  package static func isFolder(_ path: String) -> Bool { FolderListing.isFolder(path) }

  /// Whether an ordinary file is there, which writing would replace.
  package static func isFile(_ path: String) -> Bool { FolderListing.isFile(path) }

  /// Whether two paths lead to the same folder.
  package static func isSame(_ first: String, _ second: String) -> Bool {
    let resolved = [first, second].map { FolderListing.resolved($0) ?? $0 }
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
        exists(folder) ? "is a file, but \(option) is a folder" : "is not a folder",
        remedy: "give folders for all inputs and outputs, or files for all")
    }
    return try FolderListing.names(in: folder).filter { !isFolder(folder + "/" + $0) }
  }

  /// All bytes of a file; `nil` where it cannot be read.
  package static func contents(_ path: String) -> [UInt8]? {
    try? FileSource(path).bytes(upTo: .max)
  }

  package static func makeFolder(_ path: String) throws {
    guard FolderListing.make(path) else {
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
    FolderListing.split(name)
  }
}
