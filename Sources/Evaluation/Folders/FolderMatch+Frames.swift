import LatticeSupport

extension FolderMatch {
  /// The same, in the order of the numbers that the files have in their names: the last run of
  /// digits of each.
  ///
  /// Numbers may begin anywhere, with or without zeros in front, and rise by any step: that of the
  /// first two frames.
  ///
  /// - Throws: `InputError` naming the first file that has no number, is called otherwise than the
  ///   one before, or does not follow on it; or one that lacks what belongs to it.
  public func inOrderOfFrames() throws -> FolderMatch {
    let frames = try entries.map { entry in
      if let error = entry.error { throw error }
      return try (entry: entry, name: FrameName(entry))
    }.sorted { $0.name.number < $1.name.number }
    for (before, frame) in zip(frames, frames.dropFirst()) {
      try frame.name.checkFollows(
        before.name, by: frames[1].name.number - frames[0].name.number, at: frame.entry.path,
        before.entry.name)
    }
    var result = self
    result.entries = frames.map(\.entry)
    return result
  }
}

/// A stem with its number: `frame_`, 12, and what stands behind it.
private struct FrameName {
  let number: Int
  private let before: Substring
  private let behind: Substring

  /// More than anybody films, and safely added to.
  private static let mostDigits = 15

  init(_ entry: FolderMatch.Entry) throws {
    let stem = Substring(entry.stem)
    func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) }
    let end = stem.lastIndex(where: isDigit).map(stem.index(after:))
    let digits = end.map { stem[..<$0].reversed().prefix(while: isDigit).count } ?? 0
    guard let end, digits <= Self.mostDigits,
      let number = Int(stem[stem.index(end, offsetBy: -digits)..<end])
    else {
      throw InputError(
        .data, at: entry.path,
        "has no number in its name, which says where it stands in a sequence",
        remedy: "number the frames, as in frame-0001.npy")
    }
    self.number = number
    before = stem[..<stem.index(end, offsetBy: -digits)]
    behind = stem[end...]
  }

  func checkFollows(
    _ other: FrameName, by step: Int, at path: String, _ otherName: String
  ) throws {
    guard before == other.before, behind == other.behind else {
      throw InputError(
        .data, at: path, "is called otherwise than '\(otherName)', the frame before it",
        remedy: "a folder holds one sequence, whose files differ by their numbers alone")
    }
    guard number > other.number else {
      throw InputError(
        .data, at: path, "has the same number as '\(otherName)'", remedy: "rename one of them")
    }
    guard number == other.number + step else {
      throw InputError(
        .data, at: path,
        "follows on '\(otherName)' with a gap: frame \(other.number + step) is missing",
        remedy: "a sequence has every frame; refine what is before the gap, and what is behind it, "
          + "in runs of their own")
    }
  }
}
