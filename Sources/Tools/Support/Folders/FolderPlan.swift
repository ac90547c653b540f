import Support

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
    private let folder: String
    private let index: [String: [String]]

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
      index = endings.reduce(into: [:]) { index, endings in
        let those = files.filter { endings.contains($0.0.ending) }
        index.merge(Dictionary(grouping: those, by: \.0.stem).mapValues { $0.map(\.1) }) { old, _ in
          old
        }
      }
    }

    fileprivate func match(_ entry: inout Entry) throws {
      let stem = entry.stem
      let paths = index[stem] ?? []
      guard let path = paths.first else {
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
    let names = try FileSystem.files(in: folder, beside: option).filter {
      endings.contains(FileSystem.split($0).ending)
    }
    guard !names.isEmpty else {
      throw InputError(
        .noInput, at: folder,
        "holds no files ending in " + endings.map { "." + $0 }.joined(separator: " or "),
        remedy: remedy)
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
}
