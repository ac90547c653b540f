import ArgumentParser
import DeepLabNet
import Foundation
import LatticeSupport
import ToolSupport

/// `deeplab models`: the networks that are known by name.
struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the networks.",
    discussion: """
      Parameters are those that training changes; GMAC are thousands of millions of multiply-adds of \
      the convolutions for one image. Both count \(CatalogEntry.defaultClasses) classes and the \
      paper's output stride.
      """)

  @Option(help: ArgumentHelp("WxH: the size of the image.", valueName: "size"))
  var size = PixelSize.usual

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let models = try NetworkCatalog.all.map { try Model($0, size) }
    guard json else { return try StandardOutput.print(table(models)) }
    try StandardOutput.print(json: List(size: [size.height, size.width], models: models))
  }

  private func table(_ models: [Model]) -> String {
    let head = ["name", "year", "stride", "parameters", "GMAC", "summary"]
    let rows = models.map { model in
      [
        model.name, "\(model.year)", "\(model.outputStride)",
        String(format: "%.1f M", Double(model.parameters) / 1e6),
        model.multiplyAdds.map { String(format: "%.1f", Double($0) / 1e9) } ?? "–",
        model.summary,
      ]
    }
    let columns = TextColumns([.left, .right, .right, .right, .right, .left], rows: [head] + rows)
    return columns.lines.joined(separator: "\n")
  }

  private struct List: Encodable {
    var version = Version.current
    /// Height and width.
    var size: [Int]
    var models: [Model]
  }
}

/// One network of the list.
private struct Model: Encodable {
  var name: String
  var summary: String
  var paper: String
  var year: Int
  var outputStride: Int
  var outputStrides: [Int]
  /// Values that training changes.
  var parameters: Int
  /// Of the convolutions; `nil` where the image is too small for the network.
  var multiplyAdds: Int?

  init(_ entry: CatalogEntry, _ size: PixelSize) throws {
    let network = try entry.make()
    name = entry.name
    summary = entry.summary
    paper = entry.paper
    year = entry.year
    outputStride = entry.defaultOutputStride.pixels
    outputStrides = entry.outputStrides.map(\.pixels)
    parameters = network.learnedParameterCount
    multiplyAdds = try? network.multiplyAdds(
      height: entry.sizes.fitting(size.height), width: entry.sizes.fitting(size.width))
  }
}
