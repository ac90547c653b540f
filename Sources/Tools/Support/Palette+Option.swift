import LatticeSupport
import Unaries

extension Palette {
  /// The palette of results where nobody chooses one.
  package static let usualName = "voc"

  /// What `--palette` says: the name of a palette, or a file.
  ///
  /// - Parameter name: what is said; `nil` for the usual palette.
  /// - Throws: `InputError` where it is neither, or the file is no palette.
  package init(option name: String?) throws {
    let name = name ?? Self.usualName
    if let known = try? Palette.named(name) {
      self = known
      return
    }
    guard FileSystem.exists(name) else {
      throw InputError(
        .usage, at: "--palette", "is '\(name)', which is neither a known palette nor a file",
        remedy: "known are \(Palette.knownNames); a file has a line 'red green blue name' a label")
    }
    self = try Palette.read(name)
  }
}
