import Foundation
import TestSupport
import Testing

/// The C program of the examples, which sees nothing but `latticecrf.h`.
struct CExampleTests {
  @Test("the C example mends labels, lowers the energy, and survives a wrong call")
  func run() throws {
    let run = try Command.run([], of: "c-refine", in: Workspace())
    #expect(run.status == 0, "\(run.output)\(run.errors)")
    #expect(run.output.contains(/wrong of 9216 pixels: \d{3} before, \d{1,2} after/))
    #expect(run.output.contains("a second destroy is refused"))
  }

  private static let compiler = ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"]
    .first(where: FileManager.default.isExecutableFile(atPath:))

  @Test(
    "the lines that the header shows are C",
    .enabled(if: compiler != nil, "skipped: there is no C compiler in /usr/bin"))
  func header() throws {
    let include = Shared.projectRoot + "/Sources/LatticeC/Header/include"
    let header = try String(contentsOfFile: include + "/latticecrf.h", encoding: .utf8)
    // The comment's lines that are set in by three, before the list of what holds for every call.
    let lines = header.split(separator: "\n", omittingEmptySubsequences: false)
      .prefix { !$0.contains("What holds") }.filter { $0.hasPrefix(" *   ") }.map {
        $0.dropFirst(3)
      }
    #expect(lines.count > 10)
    let workspace = try Workspace()
    try workspace.write(
      """
      #include <latticecrf.h>
      #include <stdio.h>
      int refine(
          int64_t height, int64_t width, int64_t labels, const float *energies, const uint8_t *rgb,
          uint16_t *labels_out)
      {
      \(lines.joined(separator: "\n"))
        return 0;
      }
      """, as: "example.c")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.compiler))
    process.arguments = [
      "-std=c11", "-Wall", "-Werror", "-fsyntax-only", "-I", include, workspace.file("example.c"),
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
