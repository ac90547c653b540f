import Formats
import LatticeSupport
import Unaries

/// Files of a folder that nothing is done with, since they do not end as those that are meant.
public struct PassedFiles: Sendable {
  /// In order.
  public let names: [String]
  private let folder: String

  /// Names that a line has room for.
  private static let shown = 8

  init(_ names: [String], in folder: String) {
    self.names = names
    self.folder = folder
  }

  /// `, 2 passed over (a.webp, notes.txt)`; empty where there are none.
  public var summary: String {
    names.isEmpty ? "" : ", \(names.count) passed over (\(Self.list(names)))"
  }

  /// Warns of those that are pictures by their contents: most probably they are missed.
  public func warnOfPictures() {
    let pictures = pictures
    guard !pictures.isEmpty else { return }
    let isOne = pictures.count == 1
    InputWarning(
      at: folder,
      "\(pictures.count) \(isOne ? "picture is" : "pictures are") passed over: "
        + Self.list(pictures.map { "\($0), \(Self.words(for: "\(folder)/\($0)"))" }, "; "),
      remedy: "PNG, JPEG and TIFF files are read whose names end in "
        + ImageFile.photographEndings.map { "." + $0 }.joined(separator: ", ")
        + ": convert or rename the others, or move them away"
    ).report()
  }

  private var pictures: [String] {
    names.filter { Self.kind(of: "\(folder)/\($0)")?.isPicture == true }
  }

  /// What to do about the first that is a picture by its contents; `nil` where none is.
  var pictureRemedy: Remedy? {
    pictures.first.map { name in
      let path = "\(folder)/\(name)"
      return "'\(name)' is there, \(Self.words(for: path)): \(Self.remedy(for: path))"
    }
  }

  /// What makes a file one that can be read: another name, or another format.
  static func remedy(for path: String) -> Remedy {
    let stem = FolderListing.split(path).stem
    switch kind(of: path) {
    case .png: return "name it '\(stem).png'"
    case .jpeg: return "name it '\(stem).jpg'"
    default: return "convert it to PNG"
    }
  }

  /// What a file seems to be: `which seems to be a WebP image`.
  static func words(for path: String) -> String {
    "which seems to be " + (kind(of: path)?.words ?? "something that cannot be read")
  }

  /// `nil` for what is not an ordinary file: a pipe would be waited for.
  private static func kind(of path: String) -> FileKind? {
    guard FolderListing.isFile(path) else { return nil }
    return (try? FileSource(path)).map { $0.kind }
  }

  private static func list(_ names: [String], _ separator: String = ", ") -> String {
    names.prefix(shown).joined(separator: separator)
      + (names.count > shown ? "\(separator)and \(names.count - shown) more" : "")
  }
}
