import Formats
import LatticeSupport
import Unaries

/// Which files of several folders belong together, by their stems.
package struct FolderPlan {
  /// A file that leads, and what was found for it.
  package struct Entry {
    /// The name in its folder.
    package let name: String
    package let path: String
    /// Files of the same stem, by what they are.
    package fileprivate(set) var companions: [String: String] = [:]
    /// Why nothing can be done with it; `nil` where something can.
    package fileprivate(set) var error: InputError?

    /// What it has in common with the files that belong to it.
    package var stem: String { FileSystem.split(name).stem }
  }

  /// A folder of files that belong to those that lead.
  package struct Companion {
    private let what: String
    fileprivate let folder: String
    private let index: [String: [String]]
    /// Files of other endings, by their stems.
    private let others: [String: String]
    private let endings: Set<String>

    /// - Parameters:
    ///   - what: what each file is: `image`.
    ///   - folder: where they lie.
    ///   - endings: how they end; files of later endings count where there are none of earlier
    ///     ones.
    ///   - option: names the folder of the files that lead, for messages.
    /// - Throws: `InputError` where the folder cannot be listed.
    package init(_ what: String, in folder: String, endings: [String]..., beside option: String)
      throws
    {
      self.what = what
      self.folder = folder
      let files = try FileSystem.files(in: folder, beside: option).map { name in
        (FileSystem.split(name), folder + "/" + name)
      }
      let all = Set(endings.joined())
      self.endings = all
      others = Dictionary(
        files.filter { !all.contains($0.0.ending) }.map { ($0.0.stem, $0.1) },
        uniquingKeysWith: { first, _ in first })
      index = endings.reduce(into: [:]) { index, endings in
        let those = files.filter { endings.contains($0.0.ending) }
        index.merge(Dictionary(grouping: those, by: \.0.stem).mapValues { $0.map(\.1) }) { old, _ in
          old
        }
      }
    }

    /// Whether a file of that name in the folder could be one of them.
    fileprivate func takes(_ name: String) -> Bool {
      endings.contains(FileSystem.split(name).ending)
    }

    fileprivate func match(_ entry: inout Entry) throws {
      let stem = entry.stem
      let paths = index[stem] ?? []
      guard let path = paths.first else {
        if let other = others[stem] {
          throw InputError(
            .noInput, at: entry.path,
            "has no \(what) '\(stem)' in '\(folder)' that can be read; "
              + "'\(FileSystem.name(of: other))' is there, \(PassedFiles.words(for: other))",
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

  /// One for each file that leads.
  package private(set) var entries: [Entry] = []
  /// Files beside those that lead, whose endings are others.
  package let passed: PassedFiles

  /// The file of a stem where `path` is a folder of them; else `path` itself.
  package static func file(_ stem: String, of path: String, endings: [String]) -> String {
    guard FileSystem.isFolder(path) else { return path }
    return FolderListing.file(stem, in: path, endings: endings) ?? "\(path)/\(stem).npy"
  }

  /// Endings of arrays.
  package static let arrayEndings = ["npy", "npz"]

  /// - Parameters:
  ///   - folder: where the files lie that lead.
  ///   - endings: how they end.
  ///   - option: names the folder.
  ///   - companions: folders of files that belong to them.
  ///   - remedy: what to do where there are no files.
  /// - Throws: `InputError` where the folder cannot be listed, or there is nothing to work on.
  package init(
    _ folder: String, endings: [String], option: String, companions: [Companion] = [],
    remedy: String = "check the folder"
  ) throws {
    let files = try FileSystem.files(in: folder, beside: option)
    let names = files.filter { endings.contains(FileSystem.split($0).ending) }
    // Where a companion's files lie in the same folder, they are not passed over.
    let beside = companions.filter { FileSystem.isSame($0.folder, folder) }
    passed = PassedFiles(
      files.filter { name in
        !endings.contains(FileSystem.split(name).ending) && !beside.contains { $0.takes(name) }
      }, in: folder)
    guard !names.isEmpty else {
      throw InputError(
        .noInput, at: folder,
        "holds no files ending in " + Self.list(endings),
        remedy: try Self.nested(folder, endings: endings)
          ?? (endings == ImageFile.pictureEndings ? passed.pictureRemedy : nil) ?? remedy)
    }
    var seen: [String: String] = [:]
    for name in names {
      var entry = Entry(name: name, path: folder + "/" + name)
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

  /// `.npy or .npz`.
  private static func list(_ endings: [String]) -> String {
    let names = endings.map { "." + $0 }
    guard let last = names.last, names.count > 1 else { return names.joined() }
    return names.dropLast().joined(separator: ", ") + " or " + last
  }

  /// What to do where the files lie in folders of the folder; `nil` where they do not.
  private static func nested(_ folder: String, endings: [String]) throws -> String? {
    let folders = try FolderListing.names(in: folder).map { "\(folder)/\($0)" }
      .filter(FileSystem.isFolder)
    let found = folders.filter { inner in
      let names = (try? FolderListing.names(in: inner)) ?? []
      return names.contains { endings.contains(FileSystem.split($0).ending) }
    }
    return found.first.map {
      "such files lie in the folders below it: name one of them, as '\($0)', in a run of its own"
    }
  }
}

extension FolderPlan {
  /// Files of scores or labels with the images and true labels of the same stems.
  ///
  /// - Parameters:
  ///   - files: the folders of the scores and images.
  ///   - groundTruth: the folder of the true labels, where there are some.
  ///   - kind: what the files of scores hold.
  /// - Throws: `InputError` where a folder cannot be listed, or there are no scores.
  package init(scores files: UnaryFiles, groundTruth: String?, kind: UnaryKind) throws {
    let option = "--unary"
    let images = try files.image.map { folder in
      // Arrays in the folder of the scores are scores.
      let arrays = FileSystem.isSame(folder, files.scores) ? [] : Self.arrayEndings
      return try Companion(
        "image", in: folder, endings: ImageFile.pictureEndings, arrays, beside: option)
    }
    let isLabels = kind == .labels
    try self.init(
      files.scores, endings: isLabels ? LabelFile.endings : Self.arrayEndings, option: option,
      companions: [images, try Self.truths(groundTruth, beside: option)].compactMap { $0 },
      remedy: isLabels ? "check the folder" : "for label maps, add --unary-kind labels")
  }

  /// The true labels in a folder, as companions; `nil` where there is no folder.
  package static func truths(_ folder: String?, beside option: String) throws -> Companion? {
    try folder.map {
      try Companion("ground truth", in: $0, endings: LabelFile.endings, beside: option)
    }
  }
}
