import Foundation
import TestSupport
import Testing

/// The documentation shows programs of this project word for word; the build compiles them.
///
/// `<!-- example: path -->` before a block of Swift says which file it is.
struct ExampleTests {
  static let pages = [
    "README.md", "docs/plug-in.md", "docs/add-a-network.md",
  ]

  @Test(arguments: pages)
  func everyExampleIsTheFileThatIsCompiled(page: String) throws {
    let parts = try text(page).components(separatedBy: "<!-- example: ").dropFirst()
    #expect(!parts.isEmpty, "\(page) shows no example")
    for part in parts {
      let path = String(part.prefix { $0 != " " })
      let block = try #require(
        part.firstMatch(of: /\A\S+ -->\s*```swift\n([\s\S]*?)```/), "no ```swift block: \(path)")
      #expect(try block.1 == text(path), "\(page) differs from \(path)")
    }
  }

  @Test func theREADMEShowsTheLibraryExample() throws {
    let marker = "<!-- example: Examples/RefineScores/main.swift -->"
    #expect(try text("README.md").components(separatedBy: marker).count == 2)
  }

  @Test func theGuideShowsEveryPlugIn() throws {
    let guide = try text("docs/plug-in.md")
    let folder = "Tests/Consumer/Sources/Consumer"
    let files = try FileManager.default.contentsOfDirectory(
      atPath: Shared.projectRoot + "/" + folder)
    for file in files where file.hasSuffix(".swift") && file != "main.swift" {
      #expect(guide.contains("<!-- example: \(folder)/\(file) -->"), "\(file)")
    }
  }

  /// Links that lead nowhere are found before readers find them.
  @Test func everyLinkLeadsToAFile() throws {
    let root = Shared.projectRoot
    let guides = try FileManager.default.contentsOfDirectory(atPath: root + "/docs")
      .filter { $0.hasSuffix(".md") }.map { "docs/" + $0 }
    for page in ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + guides {
      let folder = page.hasPrefix("docs/") ? root + "/docs/" : root + "/"
      for link in try text(page).matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
        let target = folder + link.1
        #expect(FileManager.default.fileExists(atPath: target), "\(page): \(link.1)")
      }
    }
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOfFile: Shared.projectRoot + "/" + path, encoding: .utf8)
  }
}
