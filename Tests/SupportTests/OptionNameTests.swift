import Foundation
import Testing

/// Libraries know no option names: a front end has them.
struct OptionNameTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  /// The programs, which have options, and C.
  private static let others: Set = ["Tools", "System"]
  /// What people copy from the page of `crf-tune serve` are commands.
  private static let exceptions: Set = ["CallTexts.swift"]

  @Test("no text of a library names an option of a program")
  func noOptionNames() throws {
    let sources = Self.root.appending(path: "Sources")
    let libraries = try FileManager.default.contentsOfDirectory(atPath: sources.path)
      .filter { !Self.others.contains($0) }
    #expect(libraries.count >= 8)
    var fileCount = 0
    for library in libraries {
      let folder = sources.appending(path: library)
      let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
      for case let file as URL in files ?? .init()
      where file.pathExtension == "swift" && !Self.exceptions.contains(file.lastPathComponent) {
        fileCount += 1
        for (number, line) in try Self.options(in: String(contentsOf: file, encoding: .utf8)) {
          Issue.record("\(library)/\(file.lastPathComponent):\(number): \(line)")
        }
      }
    }
    #expect(fileCount > 200)
  }

  @Test("options are found in texts of one line and of many, but not in comments and code")
  func finding() {
    let found = Self.options(
      in: #"""
        /// What `--layout` says.
        let a = "use --layout hwc"  // as "--layout"
        let b = """
          or leave \
          --tile out
          """
        let c = -1 - -x; let d = "a -- b"
        """#)
    #expect(found.map(\.number) == [2, 5])
  }

  /// Lines of a Swift file in whose texts an option stands.
  private static func options(in source: String) -> [(number: Int, line: String)] {
    var isInText = false
    var found: [(Int, String)] = []
    for (number, line) in zip(1..., source.components(separatedBy: "\n")) {
      // Names of CSS are no options.
      let code = line.trimmingPrefix { $0 == " " }
        .replacing(#/var\(--[a-z]+\)|--[a-z]+:/#, with: "")
      let pieces = code.components(separatedBy: #"""""#)
      // Of a text of many lines, whole lines; else what is behind a quotation mark.
      let isText = isInText || !code.hasPrefix("//") && code.contains(#/"[^"]*--[a-z]/#)
      if isText, code.contains(#/--[a-z]/#) { found.append((number, String(code))) }
      if !code.hasPrefix("//"), pieces.count.isMultiple(of: 2) { isInText.toggle() }
    }
    return found
  }
}
