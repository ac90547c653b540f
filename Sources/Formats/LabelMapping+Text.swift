import LatticeSupport
import Unaries

extension LabelMapping {
  /// The names that `init(_:void:)` knows, with what they mean, for messages and help texts.
  public static let knownNames = "zero-unlabelled, cityscapes"

  /// Far more than a line for each of 65 536 numbers takes.
  private static let largestFile = 1 << 22

  /// The mapping of that name, or of a list such as `255:1` or `0:void,7-9:2,others:void`, or of a
  /// text file with an entry in each line.
  ///
  /// - `zero-unlabelled`: 0 does not count, and n + 1 stands for label n, as in ADE20K.
  /// - `cityscapes`: ids 0…33 become the train ids 0…18; those that are not evaluated do not count.
  ///
  /// An entry is a number, a range or `others`, a colon, and a label or `void`. In a file blanks or
  /// a comma may stand for the colon; empty lines and what follows a `#` are skipped.
  /// - Parameters:
  ///   - text: the name, the list, or the path of the file.
  ///   - void: the label of pixels that do not count.
  /// - Throws: `InputError` where it is none of these, or an entry cannot be understood.
  public init(_ text: String, void: UInt16 = Palette.voidLabel) throws {
    switch text.lowercased() {
    case "zero-unlabelled":
      guard void != 0 else {
        throw InputError(
          .usage, "is 'zero-unlabelled', which turns 1 into label 0, but 0 is the void label",
          remedy: "leave \(name: .voidLabel) out: the mapping says already that 0 does not count")
      }
      self.init(name: text, void: void, listed: [0: void], others: .shiftedDown)
    case "cityscapes":
      self = .cityscapes(void: void)
    default:
      let isFile = FolderListing.exists(text)
      guard isFile || text.contains(":") else {
        throw InputError(
          .usage, "is \(quoted(text)), which is neither a known label map, nor a list, nor a file",
          remedy: "known are \(Self.knownNames); a list is as 255:1 or 0:void,7:0,others:void")
      }
      do {
        try self.init(
          name: text, void: void, entries: isFile ? Self.lines(of: text) : Self.parts(of: text))
      } catch let error as InputError {
        throw isFile ? error.at(text) : error
      }
    }
  }

  /// The 19 classes of Cityscapes by their ids 0…33 (cityscapesScripts, `helpers/labels.py`); −1,
  /// the license plate, does not count either.
  package static func cityscapes(void: UInt16) -> LabelMapping {
    var labels = Dictionary(uniqueKeysWithValues: (-1...33).map { ($0, void) })
    for (trainId, id) in cityscapesIds.enumerated() { labels[Int(id)] = UInt16(trainId) }
    return LabelMapping(name: "cityscapes", void: void, listed: labels, others: .refused)
  }

  /// An entry as it is written, and where.
  private typealias Entry = (place: String, from: Substring, to: Substring)

  private static func parts(of list: String) throws -> [Entry] {
    try list.split(separator: ",", omittingEmptySubsequences: false).map { part in
      try entry(part.split(separator: ":", omittingEmptySubsequences: false), "'\(part)'")
    }
  }

  private static func lines(of path: String) throws -> [Entry] {
    let text = try TextFile.read(path, as: "a label map", upTo: largestFile)
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    return try zip(1..., lines).compactMap { number, line in
      let words = line.prefix { $0 != "#" }
        .split { $0 == ":" || $0 == "," || $0.isWhitespace }
      return words.isEmpty ? nil : try entry(words, "line \(number), \(quoted(line)),")
    }
  }

  private static func entry(_ words: [Substring], _ place: String) throws -> Entry {
    guard words.count == 2 else { throw malformed(place) }
    return (place, words[0], words[1])
  }

  private init(name: String, void: UInt16, entries: [Entry]) throws {
    var listed: [Int: UInt16] = [:]
    var others: Others?
    for (place, from, to) in entries {
      guard let label = to == "void" ? void : UInt16(to) else { throw Self.malformed(place) }
      if from == "others" {
        guard others == nil else { throw Self.twice("others", place) }
        others = .label(label)
        continue
      }
      guard let range = Self.range(from) else { throw Self.malformed(place) }
      for number in range {
        guard listed.updateValue(label, forKey: number) == nil else {
          throw Self.twice("\(number)", place)
        }
      }
    }
    guard !listed.isEmpty || others != nil else {
      throw InputError(.data, "lists nothing", remedy: "write entries such as 255:1")
    }
    self.init(name: name, void: void, listed: listed, others: others ?? .kept)
  }

  /// The numbers that `text` names: `7`, `-1`, `7-9`.
  private static func range(_ text: Substring) -> ClosedRange<Int>? {
    let numbers = -Int(Int16.max)...Int(UInt16.max)
    if let number = Int(text) { return numbers.contains(number) ? number...number : nil }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else {
      return nil
    }
    return Int(first)...Int(last)
  }

  private static func malformed(_ place: String) -> InputError {
    InputError(
      .usage,
      "\(place) is not an entry of a label map: expected a number and the label it stands for",
      remedy: "as in 255:1, 0:void, 7-9:2 or others:void; labels are 0…65535")
  }

  private static func twice(_ what: String, _ place: String) -> InputError {
    InputError(
      .usage, "\(place) gives \(what) a label, but an earlier entry does so too",
      remedy: "keep one of them")
  }
}
