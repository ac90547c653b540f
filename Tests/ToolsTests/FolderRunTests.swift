import Formats
import Foundation
import TestSupport
import Testing
import Unaries

struct FolderRunTests {
  private static let arguments = [
    "--unary", "scores", "--image", "images", "--output", "labels", "--marginals", "marginals",
  ]

  private func folders() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.makeFolders("scores", "images", "truth")
    for (index, name) in ["a", "b", "c"].enumerated() {
      try workspace.writeScores("scores/\(name).npy", scaled: Float(index + 1))
      try workspace.writeImage("images/\(name).png")
      try workspace.writeTruth("truth/\(name).png")
    }
    return workspace
  }

  @Test func everyPairIsRefinedAndTheFiguresAreSummed() throws {
    let workspace = try folders()
    let run = try workspace.run(Self.arguments + ["--ground-truth", "truth", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try workspace.contents("labels") == ["a.png", "b.png", "c.png"])
    #expect(try workspace.contents("marginals") == ["a.npy", "b.npy", "c.npy"])
    // Not a terminal: a line a file.
    #expect(run.errors.contains("[1/3] a.npy") && run.errors.contains("[3/3] c.npy"))
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    #expect(report["files"].elements.count == 3)
    let pixels = Double(3 * Workspace.width * Workspace.height)
    #expect(report["evaluation"]["pixels"].number == pixels)
  }

  @Test func aBadPairIsReportedAndTheRestGoesOn() throws {
    let workspace = try folders()
    try workspace.write("no array", as: "scores/b.npy")
    let run = try workspace.run(Self.arguments)
    #expect(run.status == 65)
    #expect(run.errors.contains("crf-refine: scores/b.npy:"))
    #expect(run.output.contains("2 refined, 1 failed"))
    #expect(try workspace.contents("labels") == ["a.png", "c.png"])
    #expect(try workspace.contents("marginals") == ["a.npy", "c.npy"])
  }

  @Test func aMissingImageIsReported() throws {
    let workspace = try folders()
    try FileManager.default.removeItem(atPath: workspace.file("images/a.png"))
    let run = try workspace.run(Self.arguments)
    #expect(run.status == 66)
    #expect(run.errors.contains("scores/a.npy: has no image 'a' in 'images'"))
    #expect(try workspace.contents("labels") == ["b.png", "c.png"])
  }

  @Test func resumeSkipsWhatHasAllItsOutputs() throws {
    let workspace = try folders()
    try workspace.makeFolders("labels", "marginals")
    for name in ["labels/a.png", "marginals/a.npy", "labels/b.png"] {
      try workspace.write("old", as: name)
    }
    let run = try workspace.run(Self.arguments + ["--resume"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("a.npy: finished before"))
    #expect(workspace.bytes("labels/a.png") == Data("old".utf8))
    #expect(workspace.bytes("labels/b.png") != Data("old".utf8))
    #expect(run.output.contains("2 refined, 1 finished before"))
  }

  @Test func equalStemsAreNotMixedUp() throws {
    let workspace = try folders()
    try workspace.writeImage("images/a.jpg")
    try workspace.write("", as: "scores/c.npz")
    let run = try workspace.run(Self.arguments)
    #expect(run.status == 65)
    #expect(run.errors.contains("2 files 'a'"))
    #expect(run.errors.contains("scores/c.npz: has the same stem as 'c.npy'"))
    #expect(try workspace.contents("labels") == ["b.png", "c.png"])
  }

  @Test func featuresMayLieInAFolderToo() throws {
    let workspace = try folders()
    try workspace.makeFolders("features")
    for name in ["a", "b", "c"] {
      try NPY.write(
        NumericArray(shape: [16, 24], values: (0..<384).map { Float($0 % 24) }),
        to: workspace.file("features/\(name).npy"))
    }
    let run = try workspace.run(
      "--unary", "scores", "--output", "labels", "--kernel", "features:weight=2,file=features",
      "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.isEmpty && run.output.isEmpty)
    #expect(try workspace.contents("labels").count == 3)
  }

  @Test(arguments: [
    (["--unary", "scores", "--image", "images/a.png", "--output", "labels"], 66, "is a file"),
    (["--unary", "scores", "--image", "images", "--output", "images"], 64, "input"),
    (["--unary", "scores", "--image", "images", "--output", "x", "--overlay", "x"], 64, "two"),
    (["--unary", "truth", "--image", "images", "--output", "x"], 66, "--unary-kind labels"),
  ])
  func foldersThatDoNotFitAreRefused(arguments: [String], status: Int32, text: String) throws {
    let workspace = try folders()
    let run = try workspace.run(arguments)
    #expect(run.status == status)
    #expect(run.errors.contains(text), "\(run.errors)")
  }
}
