import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Sequences of frames from folder to folder.
struct SequenceToolTests {
  private static let frames = 7
  private static let kernel = "bilateral:weight=3,spatial=6,color=40"
  private static let arguments = [
    "--unary", "scores", "--image", "images", "--output", "labels", "--kernel", kernel,
    "--sequence", "window=4,overlap=2,time=2",
  ]

  /// Frames of the same scene with noise of their own, and flow that says that nothing moves.
  private func folders() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.makeFolders("scores", "images", "truth", "flow")
    let (width, height, labels) = (Workspace.width, Workspace.height, Workspace.labelCount)
    for frame in 0..<Self.frames {
      var generator = SeededGenerator(seed: UInt64(frame))
      let scores = (0..<labels * width * height).map { index -> Float in
        let (label, point) = index.quotientAndRemainder(dividingBy: width * height)
        return (Int(Workspace.truth[point]) == label ? 0.7 : 0) + generator.normal()
      }
      // Numbers of one and of two digits: 8, 9, 10 …
      let name = "frame\(frame + 8)"
      try NPY.write(
        NumericArray(shape: [labels, height, width], values: scores),
        to: workspace.file("scores/\(name).npy"))
      try workspace.writeImage("images/\(name).png")
      try workspace.writeTruth("truth/\(name).png")
      let grid = GridShape(width: width, height: height)
      try FlowFile.write(
        FlowField(grid: grid, vectors: [Float](repeating: 0, count: 2 * grid.count)),
        to: workspace.file("flow/\(name).flo"))
    }
    return workspace
  }

  private func json(_ run: Command) throws -> AnyJSON {
    try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }

  @Test func framesAreRefinedOverTimeInTheOrderOfTheirNumbers() throws {
    let workspace = try folders()
    let run = try workspace.run(Self.arguments + ["--ground-truth", "truth", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("[1/7] frame8.npy") && run.errors.contains("[7/7] frame14.npy"))
    #expect(try workspace.contents("labels").count == Self.frames)
    let report = try json(run)
    #expect(report["files"].elements.count == Self.frames)
    #expect(report["parameters"]["sequence"]["window"].number == 4)
    let flicker = report["flicker"]
    let (before, after) = (flicker["before"].number ?? 0, flicker["after"].number ?? 1)
    #expect(before > 0.1 && after < before / 4, "\(before), \(after)")
    #expect(
      flicker["pixels"].number == Double(6 * Workspace.width * Workspace.height))
    // Frame by frame, what is noise in one frame and not in the next stays.
    let alone = try workspace.run(
      "--unary", "scores", "--image", "images", "--ground-truth", "truth", "--kernel", Self.kernel,
      "--json")
    let figures = try [report, json(alone)].map {
      $0["evaluation"]["after"]["mean_iou"].number ?? 0
    }
    #expect(figures[0] > figures[1], "\(figures)")
    let text = try workspace.run(Self.arguments)
    #expect(text.output.contains("windows  of 4 frames, of which neighbours share 2"))
    #expect(text.output.contains("spatial=6x6x2"))
    #expect(text.output.contains(/flicker  [0-9.]+ % before, [0-9.]+ % after: .*at fixed pixels/))
  }

  @Test func windowsOfAllFramesGiveTheLabelsOfTheVolume() throws {
    let workspace = try folders()
    let run = try workspace.run(Self.arguments.dropLast() + ["window=7,time=2", "--quiet"])
    #expect(run.status == 0, "\(run.errors)")
    let (width, height, labels) = (Workspace.width, Workspace.height, Workspace.labelCount)
    let arrays = try (0..<Self.frames).map {
      try NPY.read(workspace.file("scores/frame\($0 + 8).npy")).values
    }
    let size = width * height
    let planes = (0..<labels).flatMap { label in
      arrays.flatMap { Array($0[label * size..<(label + 1) * size]) }
    }
    try NPY.write(
      NumericArray(shape: [labels, Self.frames, height, width], values: planes),
      to: workspace.file("volume.npy"))
    let image = try ImageFile.read(
      workspace.file("images/frame8.png"), rank: 2, layout: .channelsLast)
    var channels: [Float] = []
    for channel in 0..<3 {
      let plane: [Float] = (0..<width * height).map { image[$0, channel] }
      for _ in 0..<Self.frames { channels += plane }
    }
    try NPY.write(
      NumericArray(shape: [3, Self.frames, height, width], values: channels),
      to: workspace.file("image.npy"))
    let volume = try workspace.run(
      "--unary", "volume.npy", "--image", "image.npy", "--output", "volume-labels.npy", "--kernel",
      "bilateral:weight=3,spatial=6x6x2,color=40", "--quiet")
    #expect(volume.status == 0, "\(volume.errors)")
    let expected = try LabelFile.read(workspace.file("volume-labels.npy")).labels
    let found = try (0..<Self.frames).flatMap {
      try LabelFile.read(workspace.file("labels/frame\($0 + 8).png")).labels
    }
    #expect(found == expected)
  }

  @Test func flowThatStandsStillChangesNothingButTheReport() throws {
    let workspace = try folders()
    #expect(try workspace.run(Self.arguments + ["--marginals", "still"]).status == 0)
    for direction in ["forward", "backward"] {
      let run = try workspace.run(
        Self.arguments + [
          "--marginals", direction, "--flow", "flow", "--flow-direction", direction,
        ])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("along the flow"))
      for frame in 8..<15 {
        #expect(
          workspace.bytes("still/frame\(frame).npy")
            == workspace.bytes("\(direction)/frame\(frame).npy"))
      }
    }
  }

  @Test func resumeAnswersTheFramesThatAreMissing() throws {
    let workspace = try folders()
    #expect(try workspace.run(Self.arguments).status == 0)
    let kept = (8..<15).map { workspace.bytes("labels/frame\($0).png") }
    for frame in [8, 12, 13] {
      try FileManager.default.removeItem(atPath: workspace.file("labels/frame\(frame).png"))
    }
    let run = try workspace.run(Self.arguments + ["--resume"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("3 refined, 4 finished before"))
    #expect((8..<15).map { workspace.bytes("labels/frame\($0).png") } == kept)
  }

  @Test func aBrokenFrameIsNamedAndOtherWindowsAreRefined() throws {
    let workspace = try folders()
    try NPY.write(
      NumericArray(shape: [2, 16, 24], values: [Float](repeating: 0, count: 768)),
      to: workspace.file("scores/frame14.npy"))
    let run = try workspace.run(Self.arguments)
    #expect(run.status == 65)
    #expect(
      run.errors.contains("scores/frame14.npy: has labels: 2, but the frames before have 3"))
    #expect(try workspace.contents("labels").contains("frame8.png"))
    #expect(try !workspace.contents("labels").contains("frame14.png"))
  }

  @Test func aGapAndMissingFlowAreRefusedBeforeAnythingIsRefined() throws {
    let workspace = try folders()
    try FileManager.default.removeItem(atPath: workspace.file("flow/frame10.flo"))
    let flow = try workspace.run(Self.arguments + ["--flow", "flow"])
    #expect(flow.status == 66)
    #expect(flow.errors.contains("scores/frame10.npy: has no flow 'frame10' in 'flow'"))
    try FileManager.default.removeItem(atPath: workspace.file("scores/frame11.npy"))
    let gap = try workspace.run(Self.arguments)
    #expect(gap.status == 65)
    #expect(gap.errors.contains("scores/frame12.npy: follows on 'frame10.npy' with a gap"))
    #expect(!workspace.exists("labels"))
  }

  @Test(arguments: [
    (["--unary", "scores/frame8.npy", "--sequence"], "needs a folder"),
    (["--unary", "scores", "--flow", "flow"], "add --sequence"),
    (["--unary", "scores", "--sequence", "--flow-direction", "forward"], "add --flow"),
    (["--unary", "scores", "--sequence", "--tile", "16"], "whole frames"),
    (["--unary", "scores", "--sequence", "window=0"], "--sequence:"),
    (["--unary", "scores", "--sequence", "--flow", "nowhere"], "not a folder"),
  ])
  func optionsThatDoNotGoTogetherAreRefused(options: [String], text: String) throws {
    let workspace = try folders()
    let run = try workspace.run(
      options + ["--output", "x.png", "--kernel", "gaussian:weight=1,spatial=2"])
    #expect(run.status == 64 || run.status == 66)
    #expect(run.errors.contains(text), "\(run.errors)")
  }
}
