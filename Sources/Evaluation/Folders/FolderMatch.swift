import Formats
import LatticeSupport
import Unaries

/// Which files of several folders belong together, by their stems.
public struct FolderMatch: Sendable {
  /// A file that leads, and what was found for it.
  public struct Entry: Sendable {
    /// The name in its folder.
    public let name: String
    /// The path.
    public let path: String
    /// Files of the same stem, by what they are.
    public fileprivate(set) var companions: [String: String] = [:]
    /// Further scores of the same stem, in the order of their folders.
    public fileprivate(set) var others: [String] = []
    /// Why nothing can be done with it; `nil` where something can.
    public fileprivate(set) var error: InputError?

    /// What it has in common with the files that belong to it.
    public var stem: String { FolderListing.split(name).stem }
  }

  /// A folder of files that belong to those that lead.
  public struct Companion: Sendable {
    private let what: String
    fileprivate let folder: String
    /// The files of each list of endings.
    private let indices: [FolderIndex]
    /// Files of other endings, by their stems.
    private let others: [String: String]

    /// - Parameters:
    ///   - what: what each file is: `image`.
    ///   - folder: where they lie.
    ///   - endings: how they end; files of later lists count where there are none of earlier ones.
    ///   - leader: what the folder of the files that lead is called, for messages.
    /// - Throws: `InputError` where the folder cannot be listed.
    public init(
      _ what: String, in folder: String, endings: [String]..., beside leader: String
    ) throws {
      try FolderMatch.checkIsFolder(folder, beside: leader)
      self.what = what
      self.folder = folder
      indices = try endings.map { try FolderIndex(folder, endings: $0) }
      others = Dictionary(
        try FolderIndex(folder, endings: Array(endings.joined())).others.map {
          (FolderListing.split($0).stem, "\(folder)/\($0)")
        }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether a file of that name in the folder could be one of them.
    fileprivate func takes(_ name: String) -> Bool { indices.contains { $0.stem(of: name) != nil } }

    fileprivate func match(_ entry: inout Entry) throws {
      let stem = entry.stem
      let paths = indices.lazy.map { $0.paths(stem) }.first { !$0.isEmpty } ?? []
      guard let path = paths.first else {
        if let other = others[stem] {
          throw InputError(
            .noInput, at: entry.path,
            "has no \(what) '\(stem)' in '\(folder)' that can be read; "
              + "'\(FolderListing.name(of: other))' is there, \(PassedFiles.words(for: other))",
            remedy: PassedFiles.remedy(for: other))
        }
        throw InputError(
          .noInput, at: entry.path, "has no \(what) '\(stem)' in '\(folder)'",
          remedy: "files belong together by their stems: '\(stem).png'")
      }
      guard paths.count == 1 else {
        throw InputError(
          .data, at: entry.path,
          "has \(paths.count) files '\(stem)' for its \(what) in '\(folder)'",
          remedy: "keep one of them")
      }
      entry.companions[what] = path
    }
  }

  /// One for each file that leads, in the order of their names unless they are put into another.
  public internal(set) var entries: [Entry] = []
  /// Files beside those that lead, whose endings are others.
  public let passed: PassedFiles

  /// - Parameters:
  ///   - folder: where the files lie that lead.
  ///   - endings: how they end.
  ///   - leader: what the folder is called, for messages.
  ///   - companions: folders of files that belong to them.
  ///   - remedy: what to do where there are no files.
  /// - Throws: `InputError` where the folder cannot be listed, or there is nothing to work on. What
  ///   one of the files lacks is its entry's error.
  public init(
    _ folder: String, endings: [String], called leader: String, companions: [Companion] = [],
    remedy: Remedy = "check the folder"
  ) throws {
    try Self.checkIsFolder(folder, beside: leader)
    let files = try FolderIndex(folder, endings: endings)
    // Where a companion's files lie in the same folder, they are not passed over.
    let beside = companions.filter { FolderListing.isSame($0.folder, folder) }
    passed = PassedFiles(
      files.others.filter { name in !beside.contains { $0.takes(name) } }, in: folder)
    guard !files.names.isEmpty else {
      throw InputError(
        .noInput, at: folder,
        "holds no files ending in " + Self.list(endings),
        remedy: try Self.nested(folder, endings: endings)
          ?? (endings == ImageFile.photographEndings ? passed.pictureRemedy : nil) ?? remedy)
    }
    var seen: [String: String] = [:]
    for name in files.names {
      var entry = Entry(name: name, path: "\(folder)/\(name)")
      do {
        if let other = seen.updateValue(name, forKey: entry.stem) {
          throw InputError(
            .data, at: entry.path, "has the same stem as '\(other)', so their outputs collide",
            remedy: "rename one of them")
        }
        for companion in companions { try companion.match(&entry) }
      } catch let error as InputError {
        entry.error = error
      }
      entries.append(entry)
    }
  }

  private static func checkIsFolder(_ path: String, beside leader: String) throws {
    guard !FolderListing.isFolder(path) else { return }
    throw InputError(
      .noInput, at: path,
      FolderListing.exists(path) ? "is a file, but \(leader) is a folder" : "is not a folder",
      remedy: "give folders for all inputs and outputs, or files for all")
  }

  /// `.npy or .npz`.
  private static func list(_ endings: [String]) -> String {
    let names = endings.map { "." + $0 }
    guard let last = names.last, names.count > 1 else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " or " + last
  }

  /// What to do where the files lie in folders of the folder; `nil` where they do not.
  private static func nested(_ folder: String, endings: [String]) throws -> Remedy? {
    let folders = try FolderListing.names(in: folder).map { "\(folder)/\($0)" }
      .filter(FolderListing.isFolder)
    let found = folders.first { inner in
      (try? FolderIndex(inner, endings: endings).names.isEmpty) == false
    }
    return found.map {
      "such files lie in the folders below it: name one of them, as '\($0)', in a run of its own"
    }
  }
}

extension FolderMatch {
  /// Files of scores or labels with the images and true labels of the same stems.
  ///
  /// The companions of an entry are its `image` and its `ground truth`.
  ///
  /// - Parameters:
  ///   - folder: the folder of the scores or labels.
  ///   - images: the folder of the images, where there is one.
  ///   - groundTruth: the folder of the true labels, where there are some.
  ///   - others: folders of further scores of the same images.
  ///   - areLabels: whether the files are label maps; else they are arrays of scores.
  ///   - leader: what the folder of the scores is called, for messages.
  /// - Throws: `InputError` where a folder cannot be listed, or there are no scores.
  public init(
    scores folder: String, images: String?, groundTruth: String?, others: [String] = [],
    areLabels: Bool, called leader: String
  ) throws {
    let further = try others.enumerated().map { index, other in
      try Companion("scores \(index + 2)", in: other, endings: ArrayFile.endings, beside: leader)
    }
    let images = try images.map { images in
      // Arrays in the folder of the scores are scores.
      let arrays = FolderListing.isSame(images, folder) ? [] : ArrayFile.endings
      return try Companion(
        "image", in: images, endings: ImageFile.pictureEndings, arrays, beside: leader)
    }
    try self.init(
      folder, endings: areLabels ? LabelFile.endings : ArrayFile.endings, called: leader,
      companions: [images, try Self.truths(groundTruth, beside: leader)].compactMap { $0 }
        + further,
      remedy: areLabels
        ? "check the folder" : "for label maps, add \(set: .scoreKind(.labels))")
    for index in entries.indices {
      entries[index].others = others.indices.compactMap {
        entries[index].companions["scores \($0 + 2)"]
      }
    }
  }

  /// The true labels in a folder, as companions; `nil` where there is no folder.
  ///
  /// - Parameters:
  ///   - folder: where they lie.
  ///   - leader: what the folder of the files that lead is called, for messages.
  /// - Throws: `InputError` where the folder cannot be listed.
  public static func truths(_ folder: String?, beside leader: String) throws -> Companion? {
    try folder.map {
      try Companion("ground truth", in: $0, endings: LabelFile.endings, beside: leader)
    }
  }
}
