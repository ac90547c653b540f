import CTIFF
import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Rasters from file to file.
@Suite(.enabled(if: tiff_is_available(), "libtiff is not installed"))
struct RasterToolTests {
  private static let grid = GridShape(width: Workspace.width, height: Workspace.height)
  private static let kernels = [
    "--kernel", "gaussian:weight=2,spatial=1", "--kernel",
    "bilateral:weight=3,spatial=1.5,color=10",
  ]
  /// The first two columns.
  private static let mask = try! PointMask(
    grid: grid, isCounted: (0..<grid.count).map { $0 % Workspace.width >= 2 })

  /// The sample, its scores as a raster too: `scores.tif`; in `holes.tif` two columns are nodata.
  private func sample() throws -> Workspace {
    let workspace = try Workspace.sample()
    let (labels, points) = (Workspace.labelCount, Self.grid.count)
    let rows = (0..<points).flatMap { point in
      (0..<labels).map { Workspace.scores[$0 * points + point] }
    }
    let marginals = Marginals(
      unchecked: ChannelField(points: points, channels: labels, rows: rows), grid: Self.grid)
    try MarginalsFile.write(marginals, to: workspace.file("scores.tif"))
    try MarginalsFile.write(marginals, mask: Self.mask, to: workspace.file("holes.tif"))
    return workspace
  }

  private func labels(_ workspace: Workspace, _ arguments: [String]) throws -> [UInt16] {
    let run = try workspace.run(Self.kernels + ["--image", "image.png"] + arguments)
    #expect(run.status == 0, "\(run.errors)")
    return try LabelFile.read(workspace.file(arguments[arguments.count - 1])).labels
  }

  @Test func rastersGiveTheLabelsOfArrays() throws {
    let workspace = try sample()
    let expected = try labels(workspace, ["--unary", "scores.npy", "--output", "a.npy"])
    #expect(try labels(workspace, ["--unary", "scores.tif", "--output", "a.tif"]) == expected)
    let tiles = ["--tile", "11x9", "--overlap", "4"]
    let tiled = try labels(workspace, tiles + ["--unary", "scores.npy", "--output", "t.png"])
    #expect(
      try labels(workspace, tiles + ["--unary", "scores.tif", "--output", "t.tif"]) == tiled)
  }

  @Test func nodataInIsNodataOut() throws {
    let workspace = try sample()
    for tiles in [[], ["--tile", "11x9", "--overlap", "4"]] {
      let found = try labels(
        workspace,
        tiles + ["--unary", "holes.tif", "--marginals", "q.tif", "--output", "h.tif"])
      #expect(found.enumerated().allSatisfy { ($1 == 255) == ($0 % Workspace.width < 2) })
      let (_, mask, _) = try LabelFile.readMasked(
        workspace.file("h.tif"), as: LabelReading())
      #expect(mask == Self.mask)
    }
    let filled = try labels(
      workspace, ["--unary", "holes.tif", "--fill-nodata", "--output", "f.tif"])
    #expect(filled.allSatisfy { $0 < 3 })
  }

  @Test func whatIsLeftOutDoesNotCountInIOUs() throws {
    let workspace = try sample()
    func matrix(_ unary: String, _ options: [String] = []) throws -> AnyJSON {
      let run = try workspace.run(
        Self.kernels + options + [
          "--unary", unary, "--image", "image.png", "--ground-truth", "truth.png", "--json",
        ])
      #expect(run.status == 0, "\(run.errors)")
      return try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    }
    let whole = try matrix("holes.tif")
    let tiled = try matrix("holes.tif", ["--tile", "24x9", "--overlap", "4"])
    #expect(whole["left_out"].number == 32 && tiled["left_out"].number == 32)
    #expect(whole["evaluation"]["before"] == tiled["evaluation"]["before"])
  }

  @Test func aFolderOfRastersBecomesAFolderOfRasters() throws {
    let workspace = try sample()
    try workspace.makeFolders("scores", "images", "out")
    try FileManager.default.copyItem(
      atPath: workspace.file("scores.tif"), toPath: workspace.file("scores/a.tif"))
    try FileManager.default.copyItem(
      atPath: workspace.file("scores.tif"), toPath: workspace.file("images/a.tif"))
    let run = try workspace.run(
      Self.kernels + ["--unary", "scores", "--image", "images", "--output", "out"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try workspace.contents("out") == ["a.tif"])
  }
}
