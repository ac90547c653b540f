import Foundation
import LatticeSupport
import Testing

struct OutputCheckTests {
  private let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent(UUID().uuidString).path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  private func file(_ name: String) -> String { folder + "/" + name }

  @Test func checkingLeavesEverythingAsItWas() throws {
    try "kept".write(toFile: file("old"), atomically: false, encoding: .utf8)
    try OutputCheck.check([file("old"), file("new")], inputs: [file("input")])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["old"])
    #expect(FileManager.default.contents(atPath: file("old")) == Data("kept".utf8))
  }

  @Test func anInputIsKnownByAnyName() throws {
    try "kept".write(toFile: file("input"), atomically: false, encoding: .utf8)
    try FileManager.default.createSymbolicLink(
      atPath: file("link"), withDestinationPath: file("input"))
    for name in ["input", "./input", "link"] {
      let error = #expect(throws: InputError.self) {
        try OutputCheck.check([file(name)], inputs: [file("input")])
      }
      #expect(error?.kind == .usage)
    }
  }

  @Test func outputsMustDiffer() throws {
    #expect(throws: InputError.self) {
      try OutputCheck.check([file("a"), file("./a")], inputs: [])
    }
    try OutputCheck.check(["/dev/null", "/dev/null"], inputs: [])
  }

  @Test func whatCannotBeCreatedIsNamed() {
    for path in [file("none/a"), folder, ""] {
      let error = #expect(throws: InputError.self) { try OutputCheck.check([path], inputs: []) }
      #expect(error?.kind == .cannotCreate)
      #expect(error?.place == path)
    }
  }

  @Test func namesAreSuggestedOnlyWhereTheyAreClose() {
    let known = ["gaussian", "bilateral", "features"]
    #expect(suggestion(for: "gausian", among: known) == "gaussian")
    #expect(suggestion(for: "Bilateral", among: known) == "bilateral")
    #expect(suggestion(for: "laplace", among: known) == nil)
    #expect(suggestion(for: "", among: known) == nil)
    #expect(suggestion(for: "x", among: ["y"]) == nil)
  }
}
