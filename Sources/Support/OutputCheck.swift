#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Checks before a long computation that its outputs can be written when it is done.
package enum OutputCheck {
  /// Makes sure that each output can be created, that no two are the same file, and that none is an
  /// input. Leaves nothing behind.
  ///
  /// - Throws: `InputError` naming the output.
  package static func check(_ outputs: [String], inputs: [String]) throws {
    try checkDistinct(outputs, inputs: inputs)
    for path in outputs { try checkCreation(of: path) }
  }

  /// Makes sure that no two outputs are the same file or folder, and that none is an input.
  ///
  /// - Throws: `InputError` naming the output.
  package static func checkDistinct(_ outputs: [String], inputs: [String]) throws {
    var seen: [FileIdentity: String] = [:]
    for path in outputs {
      let identity = FileIdentity(path)
      if identity.isDiscarding { continue }
      if let input = inputs.first(where: { FileIdentity($0) == identity }) {
        throw InputError(
          .usage, at: path, "is an output and also the input '\(input)', which it would destroy",
          remedy: "write elsewhere")
      }
      if let other = seen.updateValue(path, forKey: identity) {
        throw InputError(
          .usage, at: path, "is named for two outputs (also as '\(other)')",
          remedy: "give each output a place of its own")
      }
    }
  }

  /// Makes sure that a file can be created at `path`.
  ///
  /// - Throws: `InputError` of kind `.cannotCreate`.
  package static func checkCreation(of path: String) throws {
    var status = stat()
    let exists = path.withSystemPath { stat($0, &status) } == 0
    // Opening a pipe would wait for its reader, and closing it again would end what the reader
    // gets.
    if exists, status.st_mode & S_IFMT != S_IFREG, status.st_mode & S_IFMT != S_IFDIR { return }
    // Made beside the output under another name, and gone at once: it was never committed.
    _ = try AtomicOutput(path)
  }
}

/// What tells whether two paths name the same file, also through links and before it exists.
private struct FileIdentity: Hashable {
  private let name: String
  /// Whether it is `/dev/null`, which takes any number of outputs.
  var isDiscarding: Bool { name == "/dev/null" }

  init(_ path: String) {
    if let resolved = FolderListing.resolved(path) {
      name = resolved
      return
    }
    let slash = path.lastIndex(of: "/")
    let folder = slash.map { String(path[...$0]) } ?? "."
    let file = slash.map { String(path[path.index(after: $0)...]) } ?? path
    name = (FolderListing.resolved(folder) ?? folder) + "/" + file
  }
}
