import Formats
import LatticeSupport
import Unaries

/// A text file with a photograph in each line: its name, or the paths of it and of its labels.
///
/// Blanks may be parts of names, and may part names: what lies on disk decides, and quotes where
/// they are written.
struct DatasetList {
  /// A line that is not empty.
  struct Line {
    let number: Int
    /// Without blanks around it.
    let text: String
    /// What blanks part, or a tab where there is one; quotes keep together what they enclose.
    let words: [String]
    /// Where each word begins and ends in `text`.
    let ranges: [Range<String.Index>]
  }

  /// What a line names.
  enum Meaning {
    case name(String)
    case pair(Dataset.Entry)
  }

  let lines: [Line]
  private let path: String
  private let folder: String

  /// Longer than the list of any data set that is known: ImageNet's has 50 MB.
  private static let largestFile = 1 << 28

  /// Whether a split's name is the path of a list.
  static func isFile(_ split: String) -> Bool {
    split.hasSuffix(".txt") && FolderListing.exists(split)
  }

  /// - Parameters:
  ///   - path: the file.
  ///   - folder: the data set's folder, from which paths are counted.
  /// - Throws: `InputError` where the file cannot be read or a quote is not closed.
  init(_ path: String, in folder: String) throws {
    self.path = path
    self.folder = folder
    let text = try TextFile.read(
      path, as: "a list of photographs", upTo: Self.largestFile, holdsPaths: true)
    let all = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    lines = try zip(1..., all).compactMap { number, line in
      let text = Self.trimmed(line)
      guard !text.isEmpty else { return nil }
      guard let ranges = Self.words(in: text) else {
        throw InputError(
          .data, at: path,
          "line \(number) is \(quoted(line)), which has a quote that is not closed",
          remedy: "write quotes in pairs, around paths with blanks")
      }
      return Line(
        number: number, text: text,
        words: ranges.map { text[$0].filter { $0 != "\"" } }, ranges: ranges)
    }
  }

  private static func trimmed(_ line: Substring) -> String {
    let start = line.drop { $0.isWhitespace }
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { String(start[...$0]) } ?? ""
  }

  /// Where the words of a line are; `nil` where a quote is not closed.
  private static func words(in text: String) -> [Range<String.Index>]? {
    let isParted: (Character) -> Bool = text.contains("\t") ? { $0 == "\t" } : { $0.isWhitespace }
    var ranges: [Range<String.Index>] = []
    var (start, isQuoted): (String.Index?, Bool) = (nil, false)
    for index in text.indices {
      if text[index] == "\"" { isQuoted.toggle() }
      if isParted(text[index]), !isQuoted {
        if let begun = start { ranges.append(begun..<index) }
        start = nil
      } else if start == nil {
        start = index
      }
    }
    if let start { ranges.append(start..<text.endIndex) }
    return isQuoted ? nil : ranges
  }

  /// The photograph and the labels of a line that names both, relative to the data set's folder,
  /// with or without a slash in front.
  ///
  /// - Throws: `InputError` where the line names something else.
  func pair(_ line: Line) throws -> Dataset.Entry {
    if line.words.count == 2 { return entry(line.words[0], line.words[1]) }
    if let entry = pairWithBlanks(line) { return entry }
    guard line.words.count > 1 else {
      throw InputError(
        .data, at: path,
        "line \(line.number) names a photograph \(quoted(line.text)), but no labels",
        remedy: "write the paths of both, as in '/JPEGImages/x.jpg /SegmentationClassAug/x.png'")
    }
    throw InputError(
      .data, at: path,
      "line \(line.number) is \(quoted(line.text)), which has \(line.words.count) words",
      remedy: "write a name, or the paths of a photograph and of its labels, in each line; put "
        + "paths with blanks in quotes")
  }

  /// What a line names where it may be a photograph's name alone, with or without its ending.
  ///
  /// - Parameter pictures: the photographs that there are.
  /// - Throws: `InputError` where it names something else.
  func meaning(of line: Line, among pictures: FolderIndex) throws -> Meaning {
    let text = line.words.count == 1 ? line.words[0] : line.text
    if pictures.contains(text) { return .name(text) }
    // `x.jpg` and `JPEGImages/x.jpg`, for whatever is called so.
    if let stem = pictures.stem(of: text), pictures.contains(stem),
      !text.contains("/") || FolderListing.exists(inside(text))
    {
      return .name(stem)
    }
    guard line.words.count > 1 else { return .name(text) }
    if let name = nameBeforeFlag(line, among: pictures) { return .name(name) }
    if let entry = pairWithBlanks(line) { return .pair(entry) }
    // Paths have folders or endings; a name has neither, though it may not be there.
    let isName =
      !line.text.contains { "/\\\"\t".contains($0) } && pictures.stem(of: line.words[0]) == nil
    return isName ? .name(line.text) : .pair(try pair(line))
  }

  /// The name in a line of a name and a flag: PASCAL VOC's lists of `ImageSets/Main` say of each
  /// photograph whether it shows a class.
  private func nameBeforeFlag(_ line: Line, among pictures: FolderIndex) -> String? {
    let flags = ["1", "-1", "0", "+1"]
    guard let last = line.words.last, flags.contains(last) else { return nil }
    let words = line.text[..<line.ranges[line.ranges.count - 2].upperBound]
    let name = words.filter { $0 != "\"" }
    guard line.words.count == 2 || pictures.contains(name) else { return nil }
    InputWarning(
      at: path,
      "has flags behind names, as the lists of a class in ImageSets/Main have them: they are "
        + "passed over, and all photographs are taken",
      remedy: "for those with the flag 1 alone, list their names without flags"
    ).report()
    return pictures.contains(name) ? name : pictures.stem(of: name) ?? name
  }

  /// The photograph and labels that a line names by paths with blanks: both files are there for one
  /// way of cutting it in two.
  private func pairWithBlanks(_ line: Line) -> Dataset.Entry? {
    guard line.words.count > 1 else { return nil }
    let entries = (1..<line.ranges.count).map { cut in
      entry(
        String(line.text[..<line.ranges[cut - 1].upperBound]),
        String(line.text[line.ranges[cut].lowerBound...]))
    }
    let present = entries.filter {
      FolderListing.exists($0.image) && FolderListing.exists($0.labels)
    }
    return present.count == 1 ? present[0] : nil
  }

  private func entry(_ image: String, _ labels: String) -> Dataset.Entry {
    let image = inside(image)
    return Dataset.Entry(
      name: FolderListing.split(image).stem, image: image, labels: inside(labels))
  }

  /// A path from the data set's folder; with slashes, where it is written with Windows' backslashes
  /// and is not there otherwise.
  private func inside(_ path: String) -> String {
    func joined(_ path: String) -> String { folder + (path.hasPrefix("/") ? "" : "/") + path }
    let asWritten = joined(path)
    guard path.contains("\\"), !FolderListing.exists(asWritten) else { return asWritten }
    let turned = joined(String(path.map { $0 == "\\" ? "/" : $0 }))
    return FolderListing.exists(turned) ? turned : asWritten
  }
}
