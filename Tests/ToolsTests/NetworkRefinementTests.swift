import DeepLabNet
import Foundation
import TestSupport
import Testing
import Unaries

/// `crf-refine --model`: a network in place of scores.
struct NetworkRefinementTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.writeImage()
  }

  private func refine(_ arguments: [String]) throws -> Command {
    try workspace.run(NetworkWeights.options() + arguments)
  }

  @Test func itGivesTheLabelsOfTheNetworksScores() throws {
    let views = ["--scales", "1,0.75", "--flip"]
    let scores = try Command.run(
      ["segment"] + NetworkWeights.options() + ["--image", "image.png", "--scores", "scores.npy"]
        + views, of: "deeplab", in: workspace)
    #expect(scores.status == 0, "\(scores.errors)")
    let two = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--output", "two.png", "--marginals",
      "two.npy")
    #expect(two.status == 0, "\(two.errors)")
    let one = try refine(
      ["--image", "image.png", "--output", "one.png", "--marginals", "one.npy"] + views)
    #expect(one.status == 0, "\(one.errors)")
    #expect(one.output.contains("network  deeplab-v1-largefov, scales 1, 0.75, mirrored"))
    #expect(workspace.bytes("one.png") == workspace.bytes("two.png"))
    #expect(workspace.bytes("one.npy") == workspace.bytes("two.npy"))
  }

  @Test func weightsNameTheirNetwork() throws {
    let run = try workspace.run(
      "--weights", NetworkWeights.file(), "--image", "image.png", "--output", "x.png")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("network  deeplab-v1-largefov"))
  }

  @Test func weightsThatNameNoneNeedAModel() throws {
    try Safetensors.write([], to: workspace.file("w.safetensors")) {
      ParameterValues(shape: $0.shape, values: [])
    }
    let run = try workspace.run(
      "--weights", "w.safetensors", "--image", "image.png", "--output", "x.png")
    #expect(run.status == 64)
    #expect(run.errors.contains("--model: is missing, and 'w.safetensors' does not say"))
  }

  @Test func foldersAreScoredToo() throws {
    try workspace.makeFolders("images", "truth")
    for name in ["a", "b", "c"] { try workspace.writeImage("images/\(name).png") }
    for name in ["a", "b"] { try workspace.writeTruth("truth/\(name).png") }
    let run = try refine([
      "--image", "images", "--ground-truth", "truth", "--output", "labels", "--json",
    ])
    #expect(run.status == 66)
    #expect(run.errors.contains("images/c.png: has no ground truth 'c' in 'truth'"))
    #expect(try workspace.contents("labels") == ["a.png", "b.png"])
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    #expect(report["parameters"]["network"]["model"].string == NetworkWeights.model)
    #expect(
      report["files"].elements.map { $0["image"].string } == ["images/a.png", "images/b.png"])

    let resumed = try refine(["--image", "images", "--output", "labels", "--resume"])
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(resumed.output.contains("1 refined, 2 finished before"))
  }

  @Test(arguments: [
    Refusal("--unary scores.npy --image image.png --output x.png", says: "--unary", "--model"),
    Refusal("--output x.png --kernel gaussian:weight=3,spatial=3", says: "--image"),
    Refusal("--image image.png --output x.png --tile 64", says: "--tile", "--scores"),
    Refusal("--image image.png --output x.png --layout hwc", says: "--scores-layout"),
    Refusal("--image image.png --output x.png --scales 0", says: "--scales"),
    Refusal("--image image.png --output image.png", says: "input"),
    Refusal("--image absent.png --output x.png", status: 66, says: "absent.png"),
  ])
  func contradictionsAreRefused(refusal: Refusal) throws {
    let run = try refine(refusal.arguments)
    #expect(run.status == refusal.status, "\(run.errors)")
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == ["image.png"])
  }

  @Test(arguments: ["--flip", "--scales 1", "--classes 21", "--output-stride 8"])
  func whatIsForANetworkNeedsOne(option: String) throws {
    try workspace.writeScores()
    let run = try workspace.run(
      ["--unary", "scores.npy", "--image", "image.png", "--output", "x.png"]
        + option.split(separator: " ").map(String.init))
    #expect(run.status == 64)
    #expect(run.errors.contains("\(option.prefix { $0 != " " }): says how a network is used"))
  }
}
