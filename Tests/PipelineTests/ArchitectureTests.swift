import Foundation
import TestSupport
import Testing

/// docs/architecture.md lists what each module imports; the sources say what it really does.
struct ArchitectureTests {
  /// Where a module's sources lie, unless in a folder of its name.
  private static let folders = ["LatticeSupport": "Support", "ToolSupport": "Tools/Support"]

  private struct Row {
    let module: String
    let imports: Set<String>
  }

  private static func rows() throws -> [Row] {
    let text = try String(
      contentsOfFile: Shared.projectRoot + "/docs/architecture.md", encoding: .utf8)
    return text.matches(of: /\| `(\w+)` \| [^|]+ \| ([^|]*)\|/).map { match in
      Row(
        module: String(match.1), imports: Set(match.2.matches(of: /`(\w+)`/).map { String($0.1) }))
    }
  }

  /// The package's own modules that the sources of a module import.
  private static func imports(of module: String, among modules: Set<String>) throws -> Set<String> {
    let folder = Shared.projectRoot + "/Sources/" + (folders[module] ?? module)
    let files = try #require(FileManager.default.enumerator(atPath: folder))
    var found: Set<String> = []
    for case let file as String in files where file.hasSuffix(".swift") {
      let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
      for match in text.matches(of: /(?m)^(?:@\w+ |\w+ )?import (\w+)$/) {
        if modules.contains(String(match.1)) { found.insert(String(match.1)) }
      }
    }
    return found
  }

  @Test func theTableIsWhatTheSourcesImport() throws {
    let rows = try Self.rows()
    let modules = Set(rows.map(\.module))
    #expect(modules.count >= 11)
    for row in rows where row.module != "ToolSupport" {
      let found = try Self.imports(of: row.module, among: modules)
      #expect(found == row.imports, "\(row.module)")
    }
    #expect(try !Self.imports(of: "ToolSupport", among: modules).contains("LatticeC"))
  }

  @Test func theCoreUsesNeitherFoundationNorACodec() throws {
    let outside: Set<String> = ["Foundation", "Dispatch", "CImageCodecs", "CZip", "Formats"]
    for module in [
      "LatticeSupport", "Lattice", "Unaries", "MeanField", "PostFilters", "Pipeline", "LatticeC",
    ] {
      #expect(try Self.imports(of: module, among: outside).isEmpty, "\(module)")
    }
  }
}
