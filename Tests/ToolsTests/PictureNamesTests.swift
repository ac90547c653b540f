import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// What pictures are called, and what becomes of files that are passed over.
@Suite("Names of pictures")
struct PictureNamesTests {
  private let workspace: Workspace
  private static let names = ["a.JPG", "b.jfif", "c.jpe", "d.PNG", "e.pjpeg", "f.Jpeg", "g.jif"]
  private static let stems = ["a", "b", "c", "d", "e", "f", "g"]

  init() throws {
    workspace = try Workspace()
    try workspace.makeFolders("images", "scores", "truth")
    for name in Self.names {
      try workspace.writeImage("images/" + name)
      let stem = String(name.prefix(1))
      try workspace.writeScores("scores/\(stem).npy")
      try workspace.writeTruth("truth/\(stem).PNG")
    }
  }

  private func segment(_ arguments: String...) throws -> Command {
    try Command.run(
      ["segment"] + NetworkWeights.options() + arguments, of: "deeplab", in: workspace)
  }

  @Test("every ending of a readable kind is read in folders, in small and capital letters")
  func endings() throws {
    let run = try segment("--image", "images", "--labels", "out")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try workspace.contents("out") == Self.stems.map { $0 + ".png" })
    #expect(!run.output.contains("passed over"))
    let refined = try workspace.run(
      "--unary", "scores", "--image", "images", "--ground-truth", "truth", "--output", "out2")
    #expect(refined.status == 0, "\(refined.errors)")
    #expect(try workspace.contents("out2").count == Self.names.count)
  }

  @Test("and in data sets of both kinds, labels and predictions too")
  func datasets() throws {
    for (photographs, labels) in [
      ("voc/JPEGImages", "voc/SegmentationClass"), ("pair/images", "pair/labels"),
    ] {
      try workspace.makeFolders(photographs, labels)
      for name in Self.names {
        try workspace.writeImage("\(photographs)/\(name)")
        try workspace.writeTruth("\(labels)/\(name.prefix(1)).PNG")
      }
    }
    try workspace.makeFolders("voc/ImageSets/Segmentation")
    try workspace.write(
      Self.stems.joined(separator: "\n"), as: "voc/ImageSets/Segmentation/val.txt")
    for set in ["voc", "pair"] {
      try workspace.write("ground\ndisc\nband\n", as: "\(set)/classes.txt")
      let run = try Command.run(["dataset", "check", set], of: "deeplab", in: workspace)
      #expect(run.status == 0, "\(run.output)")
      #expect(run.output.contains("7 photographs, 7 sound"))
      let evaluated = try Command.run(
        ["evaluate", "--data", set, "--predictions", "truth"], of: "deeplab", in: workspace)
      #expect(evaluated.status == 0, "\(evaluated.errors)")
    }
  }

  @Test("files that are passed over are counted and named, pictures among them warned of")
  func passedOver() throws {
    try workspace.write("GIF89a", as: "images/x.gif")
    try workspace.write("BM0000", as: "images/y.bmp")
    try workspace.writeImage("images/z")
    try workspace.write("{}", as: "images/info.json")
    let run = try segment("--image", "images", "--labels", "out")
    #expect(run.status == 0)
    #expect(
      run.output.contains("7 segmented, 4 passed over (info.json, x.gif, y.bmp, z)"),
      "\(run.output)")
    #expect(run.errors.contains("warning: images: 3 pictures are passed over: x.gif, which seems"))
    #expect(run.errors.contains("z, which seems to be a PNG image"), "\(run.errors)")
    #expect(!run.errors.contains("info.json"))
    let refined = try workspace.run(
      ["--image", "images", "--output", "out2", "--json"] + NetworkWeights.options())
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(refined.output.utf8))
    #expect(
      report["passed_over"].elements.map(\.string) == ["info.json", "x.gif", "y.bmp", "z"])
    #expect(report["warnings"].elements.count == 1)
  }

  @Test("an image of a kind that cannot be read is named where one is missing")
  func missingImages() throws {
    try workspace.writeScores("scores/x.npy")
    try workspace.write("GIF89a", as: "images/x.gif")
    try workspace.writeScores("scores/y.npy")
    let run = try workspace.run("--unary", "scores", "--image", "images", "--output", "out")
    #expect(run.status == 66)
    #expect(
      run.errors.contains("'x.gif' is there, which seems to be a GIF image"), "\(run.errors)")
    #expect(run.errors.contains("scores/y.npy: has no image 'y' in 'images'; "))
    #expect(run.output.contains("7 refined, 2 failed"))

    try workspace.makeFolders("pair/images", "pair/labels")
    try workspace.write("GIF89a", as: "pair/images/x.gif")
    try workspace.writeTruth("pair/labels/x.png")
    let check = try Command.run(["dataset", "check", "pair"], of: "deeplab", in: workspace)
    #expect(check.status == 65)
    #expect(
      check.output.contains("unreadable: pair/images/x.gif: seems to be a GIF image"),
      "\(check.output)")
  }

  @Test("of a folder of folders it is said where the pictures are")
  func nested() throws {
    try workspace.makeFolders("nested/city", "nested/empty")
    try workspace.writeImage("nested/city/a.JPG")
    let run = try segment("--image", "nested", "--labels", "out")
    #expect(run.status == 66)
    #expect(run.errors.contains("name one of them, as 'nested/city'"), "\(run.errors)")
    try workspace.makeFolders("gif")
    try workspace.write("GIF89a", as: "gif/x.gif")
    let other = try segment("--image", "gif", "--labels", "out")
    #expect(
      other.errors.contains("'x.gif' is there, which seems to be a GIF image: convert it to PNG"),
      "\(other.errors)")
    let empty = try segment("--image", "nested/empty", "--labels", "out")
    #expect(empty.status == 66 && !empty.errors.contains("name one of them"))
  }

  @Test("pictures beside scores in one folder are images, and are not passed over")
  func oneFolder() throws {
    try workspace.makeFolders("both")
    try workspace.writeScores("both/a.npy")
    try workspace.writeImage("both/a.JPE")
    try workspace.write("notes", as: "both/readme.txt")
    let run = try workspace.run("--unary", "both", "--image", "both", "--output", "out")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("1 refined, 1 passed over (readme.txt)"), "\(run.output)")
  }
}
