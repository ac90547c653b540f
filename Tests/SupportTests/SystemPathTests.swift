import Foundation
import LatticeSupport
import Testing

/// Names of files that are not UTF-8.
struct SystemPathTests {
  private func bytes(_ text: String) -> [UInt8] {
    text.withSystemPath { start in
      (0..<strlen(start)).map { UInt8(bitPattern: start[$0]) }
    }
  }

  @Test(
    "every name comes out as it went in",
    arguments: [
      "plain.png", "café", "cafe\u{301}", "\u{10F7D6}", "\u{10FFFD}\u{10F780}",
    ].map { Array($0.utf8) } + [
      [0xD6, 0xD0, 0xCE, 0xC4], Array("Stra".utf8) + [0xDF] + Array("e.png".utf8),
      [0xE4, 0xB8], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF4, 0x90, 0x80, 0x80], [0xFF, 0xFE, 0x41],
      [0xE4, 0xB8, 0xD6, 0xE4, 0xB8, 0xAD, 0x80],
    ])
  func roundTrip(_ name: [UInt8]) {
    #expect(bytes(String(systemPath: name)) == name)
    // Beside others in a path.
    let path = "folder/" + String(systemPath: name) + ".npy"
    #expect(bytes(path) == Array("folder/".utf8) + name + Array(".npy".utf8))
  }

  @Test("so do bytes at random")
  func randomBytes() {
    var draws = SeededGenerator(seed: 3)
    for _ in 0..<2000 {
      let name = (0..<draws.next() % 12 + 1).map { _ in UInt8(draws.next() >> 56) }
        .map { $0 == 0 ? 1 : $0 }
      #expect(bytes(String(systemPath: name)) == name, "\(name)")
    }
  }

  @Test("two names are one text only where they are the same, but for Unicode's equivalence")
  func distinction() {
    #expect(String(systemPath: [0xD6]) != String(systemPath: [0xD7]))
    #expect(String(systemPath: Array("\u{10F7D6}".utf8)) != String(systemPath: [0xD6]))
    #expect(String(systemPath: Array("Straße".utf8)) == "Straße")
  }

  @Test("messages show the bytes")
  func readable() {
    let name = String(systemPath: Array("Stra".utf8) + [0xDF] + Array("e".utf8))
    #expect(SystemPath.readable("'\(name)': is missing") == "'Stra\\xDFe': is missing")
    #expect(SystemPath.readable("Straße") == "Straße")
  }

  /// What hands a path to the system without `withSystemPath`, which passes on `$0`.
  private static let direct = [
    #"(?<![\w.])(open|openat|creat|fopen|l?stat|access|opendir|unlink|rename|rmdir|mkdir|readlink|realpath|chmod|zip_open)\((?!\$0|from, \$0|\)|_ |bytes, |member, )"#,
    #"FileManager|contentsOf: URL|contentsOfFile|fileURLWithPath|CommandLine\.arguments"#,
  ]

  /// The program's own folder is Foundation's to find; a codec's `open` is no system call.
  private static let exceptions = ["BundledModel.swift", "CodecBytes.swift", "SystemPath.swift"]

  @Test("no path meets the system in any other way")
  func nothingSlipsPast() throws {
    let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    let patterns = try Self.direct.map { try NSRegularExpression(pattern: $0) }
    var count = 0
    for folder in ["Sources", "Examples"] {
      let files = try #require(FileManager.default.enumerator(atPath: "\(root)/\(folder)"))
      for case let file as String in files where file.hasSuffix(".swift") {
        guard !Self.exceptions.contains(where: file.hasSuffix) else { continue }
        count += 1
        let text = try String(contentsOfFile: "\(root)/\(folder)/\(file)", encoding: .utf8)
        for line in text.split(separator: "\n") {
          let code = line.drop { $0 == " " }
          if code.hasPrefix("//") || code.contains("func ") { continue }
          let range = NSRange(location: 0, length: line.utf16.count)
          for pattern in patterns {
            let found = pattern.firstMatch(in: String(line), range: range)
            #expect(found == nil, "\(file): \(line)")
          }
        }
      }
    }
    #expect(count > 300)
  }
}
