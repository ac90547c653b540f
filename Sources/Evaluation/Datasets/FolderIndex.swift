import LatticeSupport
import Unaries

/// The files of a folder by their stems, whatever case their endings are in.
package struct FolderIndex: Sendable {
  private let folder: String
  /// In the order of preference.
  private let endings: [String]
  /// The names of files that end so, the preferred one of each stem first.
  private let names: [String: [String]]

  /// - Parameters:
  ///   - folder: the folder; one that is not there holds nothing.
  ///   - endings: of the files that count, in lower case; earlier ones are preferred.
  /// - Throws: `InputError` where the folder cannot be listed.
  package init(_ folder: String, endings: [String]) throws {
    self.folder = folder
    self.endings = endings
    let names = FolderListing.isFolder(folder) ? try FolderListing.names(in: folder) : []
    func rank(_ name: String) -> Int {
      endings.firstIndex(of: FolderListing.split(name).ending) ?? endings.count
    }
    self.names = Dictionary(
      grouping: names.filter { rank($0) < endings.count }, by: { FolderListing.split($0).stem }
    ).mapValues { $0.sorted { (rank($0), $0) < (rank($1), $1) } }
  }

  /// Sorted.
  package var stems: [String] { names.keys.sorted() }

  /// Whether there is a file of that stem.
  package func contains(_ stem: String) -> Bool { names[stem] != nil }

  /// The paths of all files of that stem, the preferred one first.
  package func paths(_ stem: String) -> [String] {
    (names[stem] ?? []).map { "\(folder)/\($0)" }
  }

  /// The path of the file of that stem; where there is none, what it might be called.
  package func path(_ stem: String) -> String {
    paths(stem).first ?? "\(folder)/\(stem).\(endings[0])"
  }

  /// The stem that a file's name has, where its ending is one that counts.
  package func stem(of name: String) -> String? {
    let (stem, ending) = FolderListing.split(name)
    return endings.contains(ending) ? stem : nil
  }
}
