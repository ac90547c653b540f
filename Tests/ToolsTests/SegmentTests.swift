import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// `deeplab segment`, with a network whose weights are drawn at random: labels mean nothing, but
/// how they are made is the same.
struct SegmentTests {
  private let workspace: Workspace
  private static let folders = ["--image", "images", "--output", "labels", "--scores", "scores"]

  init() throws {
    workspace = try Workspace()
    try workspace.writeImage()
  }

  private func segment(_ arguments: [String]) throws -> Command {
    try Command.run(
      ["segment"] + NetworkWeights.options() + arguments, of: "deeplab", in: workspace)
  }

  private func makeFolder() throws {
    try workspace.makeFolders("images")
    for name in ["a.png", "b.png", "c.png"] { try workspace.writeImage("images/" + name) }
  }

  @Test func onePhotographGetsLabelsScoresAndAnOverlay() throws {
    let run = try segment([
      "--image", "image.png", "--labels", "labels.png", "--scores", "scores.npy", "--overlay",
      "overlay.png",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("network  deeplab-v1-largefov"))
    #expect(run.output.contains("classes 4 (grass, shed, sky, pole)"))
    #expect(run.output.contains("wrote    labels.png, scores.npy, overlay.png"))
    let scores = try NPY.read(workspace.file("scores.npy"))
    #expect(scores.shape == [NetworkWeights.classes, Workspace.height, Workspace.width])
    let labels = try LabelFile.read(workspace.file("labels.png"))
    let points = scores.shape[1] * scores.shape[2]
    for point in 0..<points {
      let logits = (0..<scores.shape[0]).map { scores.values[$0 * points + point] }
      #expect(logits[Int(labels.labels[point])] == logits.max())
    }
  }

  @Test func reportsComeAsJSON() throws {
    let run = try segment([
      "--image", "image.png", "--json", "--scales", "1,0.75", "--flip", "--crf", "crf-rnn",
    ])
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    let network = report["parameters"]["network"]
    #expect(network["model"].string == NetworkWeights.model)
    #expect(network["classes"].number == Double(NetworkWeights.classes))
    #expect(network["scales"].elements.map(\.number) == [1, 0.75])
    let step = report["parameters"]["plan"]["steps"].elements.first
    #expect(step?["model"]["name"].string == "crf-rnn")
    #expect(
      report["file"]["pixels"].elements.compactMap(\.number).reduce(0, +)
        == Double(Workspace.width * Workspace.height))
  }

  @Test func aFolderIsSegmentedAndTakenUpAgain() throws {
    try makeFolder()
    try workspace.write("no picture", as: "images/b.png")
    let first = try segment(Self.folders)
    #expect(first.status == 65)
    #expect(first.errors.contains("deeplab: images/b.png:"))
    #expect(first.errors.contains("[2/3] b.png: failed"))
    #expect(first.output.contains("2 segmented, 1 failed"))
    #expect(try workspace.contents("labels") == ["a.png", "c.png"])
    #expect(try workspace.contents("scores") == ["a.npy", "c.npy"])

    try workspace.writeImage("images/b.png")
    try workspace.write("old", as: "labels/a.png")
    let second = try segment(Self.folders + ["--resume"])
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors.contains("a.png: finished before"))
    #expect(second.output.contains("1 segmented, 2 finished before"))
    #expect(workspace.bytes("labels/a.png") == Data("old".utf8))
    #expect(workspace.bytes("labels/b.png") == workspace.bytes("labels/c.png"))
  }

  @Test func tilesAndAnyAlgorithmComeCloseToTheWhole() throws {
    let whole = ["--image", "image.png", "--scores", "whole.npy"]
    let direct = whole.dropLast() + ["direct.npy", "--convolution", "direct"]
    #expect(try segment(whole).status == 0)
    #expect(try segment(Array(direct)).status == 0)
    let values = try ["whole.npy", "direct.npy"].map { try NPY.read(workspace.file($0)).values }
    let largest = values[0].map { $0.magnitude }.max() ?? 0
    // Winograd's transforms lose about two decimal digits of float32's seven.
    for (value, other) in zip(values[0], values[1]) {
      #expect((value - other).magnitude <= 1e-4 * largest)
    }
    let tiled = ["--image", "image.png", "--labels", "tiled.png", "--tile", "16"]
    #expect(try segment(tiled).output.contains("tiles of 16 sharing 8"))
  }

  @Test func anInterruptLeavesNothing() throws {
    // Far more work than is done until then.
    let (width, height) = (480, 360)
    try PNG.write(
      Image(width: width, height: height, rgb: [UInt8](repeating: 99, count: 3 * width * height)),
      to: workspace.file("image.png"))
    let run = try Command.run(
      ["segment"] + NetworkWeights.options()
        + ["--image", "image.png", "--labels", "labels.png", "--scales", "1.9,1.8,1.7,1.6,1.5"],
      of: "deeplab", in: workspace, interruption: (SIGINT, 0.5))
    #expect(run.signal == SIGINT)
    #expect(try workspace.contents() == ["image.png"])
  }

  @Test(arguments: [
    Refusal("--image image.png", says: "--output", "--json"),
    Refusal("--labels x.png", says: "--image"),
    Refusal("--image image.png --labels x.gif", says: "PNG, TIFF, NIfTI or NPY"),
    Refusal("--image image.png --labels x.png --scales 1,two", says: "--scales", "1,0.75,0.5"),
    Refusal("--image image.png --labels x.png --scales 1,1", says: "--scales", "twice"),
    Refusal("--image image.png --labels x.png --output-stride 7", says: "--output-stride"),
    Refusal("--image image.png --labels x.png --overlap 8", says: "--overlap", "--tile"),
    Refusal("--image image.png --labels x.png --tile 8 --overlap 8", says: "--tile"),
    Refusal("--image image.png --labels x.png --crf crf-rn", says: "--crf", "'crf-rnn'"),
    Refusal("--image image.png --labels x.png --threads 0", says: "--threads"),
    Refusal("--image image.png --labels x.png --classes 0", says: "--classes"),
    Refusal("--image image.png --labels x.png --resume", says: "--resume", "not a folder"),
    Refusal("--image image.png --labels image.png", says: "input"),
    Refusal("--image absent.png --labels x.png", status: 66, says: "absent.png"),
    Refusal("--image image.png --labels x.png --classes 7", status: 65, says: "another shape"),
  ])
  func whatCannotBeFollowedIsRefused(refusal: Refusal) throws {
    let run = try segment(refusal.arguments)
    #expect(run.status == refusal.status, "\(run.errors)")
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == ["image.png"])
  }

  @Test func helpNamesEveryOption() throws {
    let help = try segment(["--help"])
    let options = [
      "model", "weights", "classes", "output-stride", "scales", "flip", "convolution", "image",
      "output", "scores", "overlay", "tile", "overlap", "crf", "step", "threads", "json", "palette",
      "resume", "quiet",
    ]
    for option in options {
      // A comma where there is an older name.
      #expect(["--\(option) ", "--\(option), "].contains(where: help.output.contains), "\(option)")
    }
  }

  @Test func aNetworkNeedsItsOwnWeights() throws {
    func run(_ arguments: String...) throws -> Command {
      try Command.run(
        ["segment", "--image", "image.png", "--labels", "x.png"] + arguments, of: "deeplab",
        in: workspace)
    }
    #expect(try run("--weights", "absent").status == 66)
    #expect(try run("--model", NetworkWeights.model).errors.contains("--weights: is missing"))
    let unknown = try run("--model", "deeplab-v1-largefow", "--weights", "x")
    #expect(unknown.status == 64 && unknown.errors.contains("'deeplab-v1-largefov'"))
    #expect(try run("--model", NetworkWeights.model, "--weights", "absent").status == 66)
    let other = try run("--model", "deeplab-v2-resnet50", "--weights", NetworkWeights.file())
    #expect(other.status == 65 && other.errors.contains(".safetensors:"))
    #expect(try workspace.contents() == ["image.png"])
  }
}
