import LatticeSupport
import Unaries

/// The files of a folder by their stems, whatever case their endings are in.
///
/// The stem is a file's name without its ending: files of different kinds belong together that have
/// the same.
public struct FolderIndex: Sendable {
  /// The folder.
  public let folder: String
  /// In the order of preference.
  private let endings: [String]
  /// The names of the files that count, sorted.
  public let names: [String]
  /// The names of all other files, sorted.
  public let others: [String]
  /// The names of the files that count by their stems, the preferred one of each first.
  private let namesByStem: [String: [String]]

  /// - Parameters:
  ///   - folder: the folder.
  ///   - endings: of the files that count, in lower case; earlier ones are preferred.
  ///   - mayBeMissing: whether a folder that is not there holds nothing; else that is an error.
  /// - Throws: `InputError` where the folder cannot be listed.
  /// - Complexity: O(n log n) for n files, each of which the file system is asked about.
  public init(_ folder: String, endings: [String], mayBeMissing: Bool = true) throws {
    self.folder = folder
    self.endings = endings
    let isMissing = mayBeMissing && !FolderListing.isFolder(folder)
    let all = isMissing ? [] : try FolderListing.files(in: folder)
    func rank(_ name: String) -> Int {
      endings.firstIndex(of: FolderListing.split(name).ending) ?? endings.count
    }
    names = all.filter { rank($0) < endings.count }
    others = all.filter { rank($0) == endings.count }
    namesByStem = Dictionary(grouping: names, by: { FolderListing.split($0).stem })
      .mapValues { $0.sorted { (rank($0), $0) < (rank($1), $1) } }
  }

  /// Sorted.
  public var stems: [String] { namesByStem.keys.sorted() }

  /// Whether there is a file of that stem.
  public func contains(_ stem: String) -> Bool { namesByStem[stem] != nil }

  /// The paths of all files of that stem, the preferred one first.
  public func paths(_ stem: String) -> [String] {
    (namesByStem[stem] ?? []).map { "\(folder)/\($0)" }
  }

  /// The path of the file of that stem; where there is none, what it might be called.
  public func path(_ stem: String) -> String {
    paths(stem).first ?? "\(folder)/\(stem).\(endings[0])"
  }

  /// The stem that a file's name has, where its ending is one that counts.
  public func stem(of name: String) -> String? {
    let (stem, ending) = FolderListing.split(name)
    return endings.contains(ending) ? stem : nil
  }

  /// Makes sure that no two of the files that count have the same stem.
  ///
  /// - Throws: `InputError` naming the first such file and the other.
  public func checkStemsDiffer() throws {
    var seen: [String: String] = [:]
    for name in names {
      if let other = seen.updateValue(name, forKey: FolderListing.split(name).stem) {
        throw InputError(
          .data, at: "\(folder)/\(name)", "has the same stem as \(folder)/\(other)",
          remedy: "rename or remove one of them")
      }
    }
  }
}
