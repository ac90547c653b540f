import Support
import Unaries

/// A text file with a photograph in each line: its name, or the paths of it and of its labels.
enum DatasetList {
  /// A line.
  struct Line: Equatable {
    let number: Int
    let image: String
    /// `nil` where the line is a name only.
    let labels: String?

    /// The photograph and the labels of a line that names both, relative to the data set's folder,
    /// with or without a slash in front.
    ///
    /// - Throws: `InputError` where the line is a name only.
    func entry(in folder: String, at path: String) throws -> Dataset.Entry {
      guard let labels else {
        throw InputError(
          .data, at: path, "line \(number) names a photograph \(quoted(image)), but no labels",
          remedy: "write the paths of both, as in '/JPEGImages/x.jpg /SegmentationClassAug/x.png'")
      }
      func inside(_ path: String) -> String {
        folder + (path.hasPrefix("/") ? "" : "/") + path
      }
      return Dataset.Entry(
        name: FolderListing.split(image).stem, image: inside(image), labels: inside(labels))
    }
  }

  /// Longer than the list of any data set that is known: ImageNet's has 50 MB.
  private static let largestFile = 1 << 28

  /// Whether a split's name is the path of a list.
  static func isFile(_ split: String) -> Bool {
    split.hasSuffix(".txt") && FolderListing.exists(split)
  }

  /// - Throws: `InputError` where the file cannot be read or a line has more than two words.
  static func read(_ path: String) throws -> [Line] {
    let bytes = try FileSource(path).bytes(upTo: largestFile)
    let text = String(systemPath: bytes)
    let all = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return try zip(1..., all).compactMap { number, line in
      let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count <= 2 else {
        throw InputError(
          .data, at: path, "line \(number) is \(quoted(line)), which has \(words.count) words",
          remedy: "write a name, or the paths of a photograph and of its labels, in each line")
      }
      return words.first.map {
        Line(number: number, image: $0, labels: words.count == 2 ? words[1] : nil)
      }
    }
  }
}
