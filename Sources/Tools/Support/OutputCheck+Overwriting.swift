import LatticeSupport

extension OutputCheck {
  /// Makes sure that each output can be created, as `check(_:inputs:)` does, and replaces a file
  /// only where that is wanted.
  ///
  /// - Throws: `InputError` naming the output.
  package static func check(
    _ outputs: [String], inputs: [String], overwrites: Bool
  ) throws {
    try check(outputs, inputs: inputs)
    if !overwrites, let present = outputs.first(where: FileSystem.isFile) {
      throw InputError(
        .cannotCreate, at: present, "exists already",
        remedy: "name another file, or add --overwrite")
    }
  }
}
