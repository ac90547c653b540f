import LatticeSupport
import Unaries

extension Palette {
  /// Far more than 256 lines take.
  private static let largestFile = 1 << 20

  /// Reads a palette from a text file: a line `red green blue name` for each label, from label 0
  /// on.
  ///
  /// The name may be left out. Empty lines and what follows a `#` are skipped.
  /// - Throws: `InputError` where the file cannot be read or a line is something else; it names the
  ///   line.
  public static func read(_ path: String) throws -> Palette {
    let text = try TextFile.read(path, as: "a palette", upTo: largestFile)
    do {
      return try Palette(text: text)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The palette that `text` lists; see `read(_:)`.
  package init(text: String) throws {
    var colors: [Color] = []
    var names: [String] = []
    var lines: [Color: Int] = [:]
    let all = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in zip(1..., all) {
      let words = line.prefix { $0 != "#" }.split(maxSplits: 3, whereSeparator: \.isWhitespace)
      if words.isEmpty { continue }
      let parts = words.prefix(3).compactMap { UInt8($0) }
      guard parts.count == 3 else {
        throw InputError(
          .data, "line \(number) is \(quoted(line)); expected three numbers 0…255 and a name",
          remedy: "write 'red green blue name' for each label, as in '128 64 128 road'")
      }
      let color = Color(parts[0], parts[1], parts[2])
      if let earlier = lines.updateValue(number, forKey: color) {
        throw InputError(
          .data, "lines \(earlier) and \(number) have the same colour \(color)",
          remedy: "give every label a colour of its own, or labels cannot be told apart")
      }
      colors.append(color)
      names.append(words.count > 3 ? Self.trimmed(words[3]) : "")
    }
    guard !colors.isEmpty, colors.count <= Self.mostColors else {
      throw InputError(
        .data, "lists \(colors.count) colours; 1 to \(Self.mostColors) are possible")
    }
    self.init(colors: colors, names: names)
  }

  private static func trimmed(_ text: Substring) -> String {
    let end = text.lastIndex { !$0.isWhitespace }
    return end.map { String(text[...$0]) } ?? ""
  }
}
