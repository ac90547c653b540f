import Foundation
import TestSupport
import Testing
import Unaries

/// `--proposals`: a network that looks at parts of the image.
struct ProposalOptionsTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.writeImage()
  }

  private func segment(_ arguments: [String]) throws -> Command {
    try Command.run(
      ["segment"] + NetworkWeights.options() + arguments, of: "deeplab", in: workspace)
  }

  @Test func aFileWithTheBoxOfAGridGivesTheGridsScores() throws {
    let side = min(Workspace.height, Workspace.width)
    try workspace.write("0,0,\(side),\(side)\n", as: "boxes.csv")
    let common = ["--image", "image.png", "--proposal-limit", "1"]
    for source in [["grid", "a.npy"], ["boxes.csv", "b.npy"]] {
      let run = try segment(common + ["--proposals", source[0], "--scores", source[1]])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("up to 1 proposals (\(source[0]))"))
    }
    #expect(workspace.bytes("a.npy") == workspace.bytes("b.npy"))
  }

  @Test func refinementTakesThemToo() throws {
    let run = try workspace.run(
      NetworkWeights.options() + [
        "--image", "image.png", "--output", "x.png", "--proposals", "edges", "--proposal-limit",
        "2", "--aggregation", "sum", "--json",
      ])
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    let network = report["parameters"]["network"]
    #expect(network["proposals"].string == "edges")
    #expect(network["aggregation"].string == "sum")
  }

  @Test func eachImageOfAFolderHasItsBoxes() throws {
    try workspace.makeFolders("images", "boxes")
    for name in ["a", "b"] { try workspace.writeImage("images/\(name).png") }
    try workspace.write("0,0,8,8,1\n", as: "boxes/a.csv")
    let run = try segment([
      "--image", "images", "--labels", "labels", "--proposals", "boxes", "--proposal-limit", "1",
    ])
    #expect(run.status == 66)
    #expect(run.errors.contains("images/b.png: has no boxes in 'boxes'"))
    #expect(try workspace.contents("labels") == ["a.png"])
  }

  @Test(arguments: [
    Refusal("--proposals none", status: 66, says: "--proposals", "edges or grid"),
    Refusal("--proposals grid --proposal-limit 0", says: "--proposal-limit"),
    Refusal("--proposals grid --tile 64", says: "--tile", "proposals"),
    Refusal("--proposal-limit 3", says: "--proposal-limit", "whole images"),
    Refusal("--aggregation sum", says: "--aggregation", "whole images"),
  ])
  func contradictionsAreRefused(refusal: Refusal) throws {
    let run = try segment(["--image", "image.png", "--labels", "x.png"] + refusal.arguments)
    #expect(run.status == refusal.status, "\(run.errors)")
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == ["image.png"])
  }
}
