import Formats
import Foundation
import Testing
import Unaries

@Suite("Figures of crf-refine", .drawsFigures)
struct FigureOptionTests {
  private static let given = [
    "--unary", "scores.npy", "--image", "image.png", "--preset", "densecrf",
  ]

  @Test("the figure of updates shows a class by name or number, before and after updates")
  func iterations() throws {
    let workspace = try Workspace.sample()
    let run = try workspace.run(
      Self.given + [
        "--iterations", "5", "--iterations-figure", "f.svg", "--iterations-class", "2",
        "--output", "labels.png",
      ])
    #expect(run.status == 0, "\(run.errors)")
    let svg = String(decoding: try #require(workspace.bytes("f.svg")), as: UTF8.self)
    for text in [
      "before the first update", "after 1 update<", "after 4 updates", "after 5 updates",
    ] {
      // Scores and beliefs.
      #expect(svg.components(separatedBy: text).count == 3, "\(text)")
    }
    #expect(!svg.contains("after 3 updates"))
    // Image, labels, and five maps in each of two rows.
    #expect(svg.components(separatedBy: "<image ").count == 1 + 2 + 2 * 5)
    // To look at updates changes no label.
    let plain = try workspace.run(
      Self.given + ["--iterations", "5", "--output", "plain.png"])
    #expect(plain.status == 0)
    #expect(workspace.bytes("plain.png") == workspace.bytes("labels.png"))
  }

  @Test("a comparison has image, labels, truth and changed pixels, with the shares of labels")
  func comparison() throws {
    let workspace = try Workspace.sample()
    let run = try workspace.run(
      Self.given + ["--ground-truth", "truth.png", "--comparison", "c.svg", "--report", "r.html"])
    #expect(run.status == 0, "\(run.errors)")
    let svg = String(decoding: try #require(workspace.bytes("c.svg")), as: UTF8.self)
    for text in ["labels before", "labels after", "truth", "changed", "now right", "mean IOU"] {
      #expect(svg.contains(text), "\(text)")
    }
    #expect(svg.contains(/[0-9.]+ → [0-9.]+ %/))
    let page = String(decoding: try #require(workspace.bytes("r.html")), as: UTF8.self)
    for text in ["Against the truth", "--comparison c.svg", "LatticeCRF", "<svg", "densecrf"] {
      #expect(page.contains(text), "\(text)")
    }
  }

  @Test("for a folder, one sheet and one page show all images, and failures are named")
  func folder() throws {
    let workspace = try Workspace.sample()
    try workspace.makeFolders("scores", "images")
    for name in ["a", "b"] {
      try workspace.writeScores("scores/\(name).npy")
      try workspace.writeImage("images/\(name).png")
    }
    try workspace.write("no scores", as: "scores/c.npy")
    try workspace.writeImage("images/c.png")
    let run = try workspace.run(
      "--unary", "scores", "--image", "images", "--comparison", "sheet.png", "--report",
      "page.html")
    #expect(run.status == 65, "\(run.errors)")
    #expect(try workspace.contents("images") == ["a.png", "b.png", "c.png"])
    let sheet = try ImageFile.read(workspace.file("sheet.png"))
    #expect(sheet.grid.width > 4 * 180 && sheet.grid.height > 2 * 100)
    let page = String(decoding: try #require(workspace.bytes("page.html")), as: UTF8.self)
    for text in ["What failed", "c.npy", "2, 1 failed"] { #expect(page.contains(text), "\(text)") }
  }

  @Test(
    "figures that cannot be drawn are refused before anything is computed",
    arguments: [
      (["--comparison", "c.jpg"], ".png, .svg or .pdf"),
      (["--iterations-figure", "f"], ".png, .svg or .pdf"),
      (["--report", "r.pdf"], "name it .html"),
      (["--iterations-class", "1", "--output", "l.png"], "--iterations-figure"),
      (["--iterations-figure", "f.png", "--iterations-class", "7"], "no class of the 3"),
      (["--comparison", "c.png", "--tile", "16"], "--tile"),
      (["--iterations-figure", "f.png", "--step", "guided"], "has none"),
    ])
  func refusals(arguments: [String], text: String) throws {
    let workspace = try Workspace.sample()
    let before = try workspace.contents()
    let run = try workspace.run(["--unary", "scores.npy", "--image", "image.png"] + arguments)
    #expect(run.status == 64, "\(run.errors)")
    #expect(run.errors.contains(text), "\(run.errors)")
    #expect(try workspace.contents() == before)
  }

  @Test("a page of a volume is refused, as figures are flat")
  func volume() throws {
    let workspace = try Workspace()
    try NPY.write(
      NumericArray(shape: [2, 2, 3, 4], values: [Float](repeating: 0, count: 48)),
      to: workspace.file("v.npy"))
    let run = try workspace.run(
      "--unary", "v.npy", "--kernel", "gaussian:weight=1,spatial=1", "--report", "r.html")
    #expect(run.status == 64, "\(run.errors)")
    #expect(run.errors.contains("slice"))
  }
}
