import DeepLabNet
import Foundation
import TestSupport
import Testing

/// `deeplab models`.
struct ModelsTests {
  @Test func everyNetworkHasALine() throws {
    let run = try Command.run(["models"], of: "deeplab", in: Workspace())
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count == 1 + NetworkCatalog.all.count)
    for (line, entry) in zip(lines.dropFirst(), NetworkCatalog.all) {
      #expect(line.hasPrefix(entry.name + " ") && line.hasSuffix(entry.summary))
    }
  }

  @Test func theListComesAsJSONForAnySize() throws {
    let run = try Command.run(
      ["models", "--size", "321x257", "--json"], of: "deeplab", in: Workspace())
    let list = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    #expect(list["size"].elements.map(\.number) == [257, 321])
    let network = try NetworkCatalog.all[0].make()
    let model = list["models"].elements[0]
    #expect(model["parameters"].number == Double(network.learnedParameterCount))
    #expect(
      model["multiply_adds"].number == Double(try network.multiplyAdds(height: 257, width: 321)))
    #expect(model["paper"].string == NetworkCatalog.all[0].paper)
  }

  @Test func aSizeIsTwoNumbers() throws {
    let run = try Command.run(["models", "--size", "wide"], of: "deeplab", in: Workspace())
    #expect(run.status == 64)
  }

  /// The guide's table of networks has the program's figures.
  @Test(arguments: NetworkCatalog.all.map(\.name))
  func theGuideHasARowForEveryNetwork(name: String) throws {
    let guide = try String(
      contentsOfFile: Shared.projectRoot + "/docs/networks.md", encoding: .utf8)
    let row = try #require(guide.split(separator: "\n").first { $0.hasPrefix("| `\(name)` |") })
    let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    let entry = try NetworkCatalog.entry(named: name)
    let network = try entry.make()
    let size = entry.sizes.fitting(513)
    let work = Double(try network.multiplyAdds(height: size, width: size)) / 1e9
    #expect(cells[1] == "\(entry.year)")
    #expect(cells[2] == String(format: "%.1f M", Double(network.learnedParameterCount) / 1e6))
    #expect(cells[3] == String(format: "%.1f", work))
    #expect(cells[4].hasPrefix("\(entry.defaultOutputStride)"))
  }
}
