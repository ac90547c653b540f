import Formats
import Foundation
import Testing
import Unaries

/// Images that are arrays: multispectral scenes and volumes.
struct ArrayImageTests {
  /// The colours of the sample's image in the given order of axes, and another channel of its own.
  private func writeBands(_ workspace: Workspace, channelsLast: Bool) throws {
    let image = try ImageFile.read(workspace.file("image.png"))
    let (width, height) = (Workspace.width, Workspace.height)
    let count = width * height
    let values = (0..<4 * count).map { index in
      let (point, channel) = channelsLast ? (index / 4, index % 4) : (index % count, index / count)
      return channel < 3 ? image[point, channel] / 255 : Float(Workspace.truth[point]) / 2
    }
    try NPY.write(
      NumericArray(
        shape: channelsLast ? [height, width, 4] : [4, height, width], values: values),
      to: workspace.file("bands.npy"))
  }

  private static let bilateral = "bilateral:weight=6,spatial=8,color=0.1"

  @Test func bandsInEitherOrderMendNoise() throws {
    let workspace = try Workspace.sample()
    for (channelsLast, name) in [(false, "first.png"), (true, "last.png")] {
      try writeBands(workspace, channelsLast: channelsLast)
      let run = try workspace.run(
        "--unary", "scores.npy", "--image", "bands.npy", "--image-layout",
        channelsLast ? "hwc" : "chw", "--kernel", Self.bilateral, "--output", name)
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("24×16, channels 4, values 0.0"), "\(run.output)")
    }
    #expect(workspace.bytes("first.png") == workspace.bytes("last.png"))
    let labels = try LabelFile.read(workspace.file("first.png")).labels
    let wrong = zip(labels, Workspace.truth).count { $0 != $1 }
    #expect(wrong < labels.count / 20, "\(wrong) of \(labels.count)")
  }

  @Test func theImageFollowsTheLayoutOfTheScores() throws {
    let workspace = try Workspace.sample()
    try writeBands(workspace, channelsLast: false)
    let arguments = [
      "--unary", "scores.npy", "--image", "bands.npy", "--kernel", Self.bilateral, "--output",
      "l.png",
    ]
    #expect(try workspace.run(arguments).status == 0)
    try writeBands(workspace, channelsLast: true)
    let wrong = try workspace.run(arguments)
    #expect(wrong.status == 65)
    #expect(wrong.errors.contains("bands.npy: is an array of shape [16, 24, 4]"))
    #expect(wrong.errors.contains("use --image-layout hwc"), "\(wrong.errors)")
  }

  @Test func labelMapsGoWithArraysToo() throws {
    let workspace = try Workspace.sample()
    try writeBands(workspace, channelsLast: true)
    let run = try workspace.run(
      "--unary", "truth.png", "--unary-kind", "labels", "--labels", "3", "--image", "bands.npy",
      "--image-layout", "hwc", "--kernel", Self.bilateral, "--output", "l.npy")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try LabelFile.read(workspace.file("l.npy")).labels == Workspace.truth)
  }

  @Test func theMedicalPresetRefinesAVolumeOfTwoChannels() throws {
    let workspace = try Workspace()
    let (depth, height, width) = (6, 12, 16)
    let count = depth * height * width
    let inside = (0..<count).map { point in
      abs(point % width - 8) < 5 && abs(point / width % height - 6) < 4
        && abs(point / width / height - 3) < 2
    }
    // The scores say nothing about the ends of the block that the image shows.
    let scores = (0..<2 * count).map { index -> Float in
      let (label, point) = index.quotientAndRemainder(dividingBy: count)
      let isKnown = !inside[point] || abs(point % width - 8) < 4
      return isKnown && (label == 1) == inside[point] ? 1 : 0
    }
    let image = (0..<2 * count).map { Float(inside[$0 % count] ? 90 : 20) + 0.25 }
    let shape = [2, depth, height, width]
    try NPY.write(NumericArray(shape: shape, values: scores), to: workspace.file("s.npy"))
    try NPY.write(NumericArray(shape: shape, values: image), to: workspace.file("i.npy"))
    let run = try workspace.run(
      "--unary", "s.npy", "--image", "i.npy", "--preset", "deepmedic", "--output", "l.npy")
    #expect(run.status == 0, "\(run.errors)")
    let labels = try LabelFile.read(workspace.file("l.npy"))
    #expect(labels.grid.extents == [depth, height, width])
    let wrong = zip(labels.labels, inside).count { ($0 == 1) != $1 }
    #expect(wrong == 0)
  }

  @Test func picturesAreDrawnOverArraysOfBytesOnly() throws {
    let workspace = try Workspace.sample()
    let gray = try ImageFile.read(workspace.file("image.png"))
    try NPY.write(
      NumericArray(
        shape: [Workspace.height, Workspace.width],
        values: (0..<gray.grid.count).map { gray[$0, 0] }), to: workspace.file("gray.npy"))
    let drawn = try workspace.run(
      "--unary", "scores.npy", "--image", "gray.npy", "--overlay", "o.png")
    #expect(drawn.status == 0, "\(drawn.errors)")
    try writeBands(workspace, channelsLast: false)
    let refused = try workspace.run(
      "--unary", "scores.npy", "--image", "bands.npy", "--kernel", Self.bilateral, "--overlay",
      "no.png")
    #expect(refused.status == 65)
    #expect(refused.errors.contains("no.png: labels are drawn over photographs"))
    #expect(!workspace.exists("no.png"))
  }

  @Test func foldersMayHoldArraysWherePicturesAreMissing() throws {
    let workspace = try Workspace.sample()
    try workspace.makeFolders("both", "bands")
    for name in ["a", "b"] {
      try workspace.writeScores("both/\(name).npy")
      try workspace.writeImage("both/\(name).png")
    }
    // Scores and pictures in one folder: the arrays are scores, not images.
    let together = try workspace.run("--unary", "both", "--image", "both", "--output", "out")
    #expect(together.status == 0, "\(together.errors)")
    try writeBands(workspace, channelsLast: false)
    for name in ["a", "b"] {
      try FileManager.default.copyItem(
        atPath: workspace.file("bands.npy"), toPath: workspace.file("bands/\(name).npy"))
    }
    let apart = try workspace.run(
      "--unary", "both", "--image", "bands", "--kernel", Self.bilateral, "--output", "out2")
    #expect(apart.status == 0, "\(apart.errors)")
    #expect(try workspace.contents("out2") == ["a.png", "b.png"])
  }
}
