import LatticeSupport
import Unaries

/// Text that people and other programs have written: lists, names, palettes.
package enum TextFile {
  /// The text of a file, without the byte order mark that some editors put in front.
  ///
  /// UTF-8, or UTF-16 and UTF-32 with their marks, as Windows' shells and editors write them.
  /// - Parameters:
  ///   - path: the file.
  ///   - what: what it should be, with its article, for messages: `a list of classes`.
  ///   - limit: more bytes than any such file has.
  ///   - holdsPaths: whether bytes that are not UTF-8 may be names of files, which keep them.
  /// - Throws: `InputError` where the file cannot be read, is longer than `limit`, or is not text.
  package static func read(
    _ path: String, as what: String, upTo limit: Int, holdsPaths: Bool = false
  ) throws -> String {
    let bytes = try FileSource(path).bytes(upTo: limit)
    guard bytes.count < limit else {
      throw InputError(
        .data, at: path, "has \(limit) bytes or more, too many for \(what)",
        remedy: "check that it is the file that is meant")
    }
    do {
      return try text(of: bytes, as: what, holdsPaths: holdsPaths)
    } catch let error as InputError {
      throw error.at(path)
    }
  }

  /// The text that `bytes` hold; see `read`.
  package static func text(
    of bytes: [UInt8], as what: String, holdsPaths: Bool = false
  ) throws -> String {
    let kind = FileKind(prefix: bytes)
    if let remedy = kind.remedy {
      throw InputError(.data, "is \(kind.words), but \(what) is needed", remedy: remedy)
    }
    for encoding in Encoding.marked where bytes.starts(with: encoding.mark) {
      return try encoding.text(of: bytes.dropFirst(encoding.mark.count))
    }
    guard !bytes.contains(0) else { throw notText(bytes, kind, what) }
    if holdsPaths { return String(systemPath: bytes) }
    // A byte that is no UTF-8 becomes the replacement character, which a file may hold by itself.
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.unicodeScalars.contains("\u{FFFD}") else { return text }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    if let line = lines.firstIndex(where: {
      Array(String(decoding: $0, as: UTF8.self).utf8) != Array($0)
    }) {
      throw InputError(
        .data,
        "line \(line + 1) is not UTF-8: \(quoted(String(decoding: lines[line], as: UTF8.self)))",
        remedy: "save the file as UTF-8")
    }
    return text
  }

  private static func notText(_ bytes: [UInt8], _ kind: FileKind, _ what: String) -> InputError {
    // Of letters that ASCII has, UTF-16 has every other byte 0.
    let head = bytes.prefix(256)
    let isWide = head.count { $0 == 0 } * 5 >= head.count * 2 && head.contains { $0 != 0 }
    return isWide
      ? InputError(
        .data, "seems to be UTF-16 without a byte order mark", remedy: "save the file as UTF-8")
      : InputError(
        .data, "seems to be \(kind.words), but \(what) is needed",
        remedy: "check that it is the file that is meant")
  }

  /// An encoding that a byte order mark tells.
  private struct Encoding {
    let mark: [UInt8]
    /// Bytes of a unit; 1 for UTF-8.
    let width: Int
    let isBigEndian: Bool

    /// UTF-32's little-endian mark begins as that of UTF-16 does.
    static let marked = [
      Encoding(mark: [0xFF, 0xFE, 0, 0], width: 4, isBigEndian: false),
      Encoding(mark: [0, 0, 0xFE, 0xFF], width: 4, isBigEndian: true),
      Encoding(mark: [0xFF, 0xFE], width: 2, isBigEndian: false),
      Encoding(mark: [0xFE, 0xFF], width: 2, isBigEndian: true),
      Encoding(mark: [0xEF, 0xBB, 0xBF], width: 1, isBigEndian: false),
    ]

    func text(of bytes: ArraySlice<UInt8>) throws -> String {
      let bytes = Array(bytes)
      guard bytes.count % width == 0 else {
        throw InputError(
          .data, "is UTF-\(8 * width) that ends inside a character",
          remedy: "the file was cut short: save it again, best as UTF-8")
      }
      if width == 1 { return String(decoding: bytes, as: UTF8.self) }
      let units = stride(from: 0, to: bytes.count, by: width).map { first in
        (0..<width).reduce(UInt32(0)) { unit, place in
          unit << 8 | UInt32(bytes[first + (isBigEndian ? place : width - 1 - place)])
        }
      }
      return width == 2
        ? String(decoding: units.map { UInt16($0) }, as: UTF16.self)
        : String(decoding: units, as: UTF32.self)
    }
  }
}
