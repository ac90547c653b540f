import Foundation
import TestSupport
import Testing

/// The README shows programs of `Examples/` word for word; the build compiles them.
struct ExampleTests {
  private static let readme = Shared.projectRoot + "/README.md"

  @Test(.enabled(if: FileManager.default.fileExists(atPath: readme), "there is no README.md"))
  func theREADMEShowsTheExampleThatIsCompiled() throws {
    let path = "Examples/RefineScores/main.swift"
    let source = try text(Shared.projectRoot + "/" + path)
    let parts = try text(Self.readme).components(separatedBy: "<!-- example: \(path) -->")
    try #require(parts.count == 2, "README.md must name the example once")
    let block = try #require(
      parts[1].firstMatch(of: /\A\s*```swift\n([\s\S]*?)```/), "no ```swift block follows")
    #expect(block.1 == source)
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: path, encoding: .utf8)
  }
}
