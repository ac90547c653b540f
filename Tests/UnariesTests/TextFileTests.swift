import Formats
import Foundation
import TestSupport
import Testing
import Unaries

@Suite("Text files of any program")
struct TextFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func read(_ bytes: [UInt8]) throws -> String {
    try TextFile.read(folder.write(bytes, as: "list.txt"), as: "a list of classes", upTo: 1000)
  }

  private static let text = "grün\r\nRoad 道\n"

  @Test(
    "a byte order mark is no part of the text, in any encoding of Unicode",
    arguments: [
      ([0xEF, 0xBB, 0xBF], String.Encoding.utf8), ([], .utf8),
      ([0xFF, 0xFE], .utf16LittleEndian), ([0xFE, 0xFF], .utf16BigEndian),
      ([0xFF, 0xFE, 0, 0], .utf32LittleEndian), ([0, 0, 0xFE, 0xFF], .utf32BigEndian),
    ] as [([UInt8], String.Encoding)])
  func marks(mark: [UInt8], encoding: String.Encoding) throws {
    let bytes = try #require(Self.text.data(using: encoding))
    #expect(try read(mark + bytes) == Self.text)
  }

  @Test("what is no text of Unicode is called what it is, with its line where that helps")
  func otherBytes() throws {
    let wide = try #require("ground\nroad\n".data(using: .utf16LittleEndian))
    #expect(errorText { _ = try read(Array(wide)) }.contains("UTF-16 without a byte order mark"))
    #expect(
      errorText { _ = try read(Array("ground\ngr".utf8) + [0xFC] + Array("n\n".utf8)) }
        .contains("line 2 is not UTF-8"))
    #expect(errorText { _ = try read([0xFF, 0xFE, 0x61]) }.contains("ends inside a character"))
    #expect(
      errorText { _ = try read([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0]) }
        .contains("seems to be a PNG image, but a list of classes is needed"))
    #expect(
      errorText { _ = try read([UInt8](repeating: 0x61, count: 1000)) }.contains("too many"))
    // The replacement character itself is a character like others.
    #expect(try read(Array("\u{FFFD}\n".utf8)) == "\u{FFFD}\n")
  }

  @Test("palettes are read as other text files are")
  func palettes() throws {
    let text = "0 0 0 ground\r\n128 64 128 road\r\n"
    let wide = try #require(text.data(using: .utf16LittleEndian))
    for bytes in [[0xEF, 0xBB, 0xBF] + Array(text.utf8), [0xFF, 0xFE] + Array(wide)] {
      let palette = try Palette.read(folder.write(bytes, as: "palette.txt"))
      #expect(palette.names == ["ground", "road"])
      #expect(palette.colors[1] == Palette.Color(128, 64, 128))
    }
  }
}

@Suite("Files that stand in place of others")
struct StandInTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let pointer =
    "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 168000000\n"

  @Test(
    "a pointer of Git LFS and a web page are called that, and how to get the file is said",
    arguments: [
      (pointer, "Git LFS pointer", "git lfs pull"),
      ("version https://hawser.github.com/spec/v1\n", "Git LFS pointer", "git lfs pull"),
      ("<!DOCTYPE html><html></html>", "a web page", "download the file again"),
      ("\u{FEFF}\n  <HTML lang=en>", "a web page", "download the file again"),
    ], ["scores.npy", "photo.jpg", "scan.png", "labels.png", "list.txt"])
  func called(file: (text: String, what: String, remedy: String), name: String) throws {
    let path = try folder.write(Array(file.text.utf8), as: name)
    let text = errorText {
      switch name {
      case "scores.npy": _ = try ArrayFile.read(path)
      case "labels.png": _ = try LabelFile.read(path)
      case "list.txt": _ = try TextFile.read(path, as: "a palette", upTo: 1000)
      default: _ = try ImageFile.read(path)
      }
    }
    #expect(text.contains(file.what) && text.contains(file.remedy), "\(text)")
    #expect(!text.contains("convert") && !text.contains("save"), "\(text)")
  }

  @Test("text that begins alike is no stand-in")
  func alike() {
    for text in ["version 2\n", "<svg></svg>", "<heading>"] {
      #expect(FileKind(prefix: Array(text.utf8)).remedy == nil, "\(text)")
    }
  }
}
