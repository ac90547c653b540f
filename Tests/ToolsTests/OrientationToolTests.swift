import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Photographs that are not stored upright, with scores, labels and networks.
@Suite("Orientation of photographs")
struct OrientationToolTests {
  private let workspace: Workspace
  private static let kernels = [
    "--kernel", "gaussian:weight=2,spatial=1", "--kernel",
    "bilateral:weight=3,spatial=3,color=10",
  ]
  private static let outputs = ["--output", "labels.png", "--overlay", "overlay.png"]

  init() throws { workspace = try Workspace.sample() }

  /// Writes the image as a camera would that was held so, noting it.
  private func writeNoted(
    _ name: String, _ orientation: PictureOrientation, of image: String = "image.png"
  ) throws {
    let upright = try ImageFile.read(workspace.file(image))
    try PNG.write(orientation.stored(upright), to: workspace.file("scratch.png"))
    let bytes = EXIFBytes.png(
      [UInt8](try #require(workspace.bytes("scratch.png"))),
      with: EXIFBytes.block(orientation: orientation.rawValue))
    try Data(bytes).write(to: URL(fileURLWithPath: workspace.file(name)))
    try FileManager.default.removeItem(atPath: workspace.file("scratch.png"))
  }

  private func refine(_ arguments: [String]) throws -> Command {
    try workspace.run(arguments + Self.outputs + Self.kernels)
  }

  private func results() -> [Data?] { ["labels.png", "overlay.png"].map { workspace.bytes($0) } }

  private func json(_ run: Command) throws -> AnyJSON {
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }

  @Test(
    "quarter turns follow the scores' proportions, whole and in tiles, and the report says so",
    arguments: PictureOrientation.allCases.filter(\.exchangesAxes))
  func quarterTurns(orientation: PictureOrientation) throws {
    try writeNoted("noted.png", orientation)
    for extra in [[], ["--tile", "16", "--overlap", "6"]] {
      #expect(
        try refine(["--unary", "scores.npy", "--image", "image.png"] + extra).status == 0)
      let expected = results()
      let run = try refine(["--unary", "scores.npy", "--image", "noted.png"] + extra)
      #expect(run.status == 0, "\(run.errors)")
      #expect(results() == expected)
      #expect(
        run.output.contains(
          "24×16, turned upright (EXIF orientation \(orientation.rawValue)), as the scores are"),
        "\(run.output)")
      #expect(!run.errors.contains("warning"), "\(run.errors)")
    }
    let report = try json(refine(["--unary", "scores.npy", "--image", "noted.png", "--json"]))
    #expect(report["orientation"]["exif"].number == Double(orientation.rawValue))
    #expect(report["size"].elements.map(\.number) == [16, 24])
  }

  @Test("scores of the picture as it is stored are taken so")
  func storedScores() throws {
    try writeNoted("noted.png", .quarterTurnRight)
    // The same pixels without the note, and scores of these rows.
    let stored = try ImageFile.read(workspace.file("noted.png"))
    try PNG.write(stored, to: workspace.file("plain.png"))
    try NPY.write(
      NumericArray(
        shape: [Workspace.labelCount, stored.grid.height, stored.grid.width],
        values: Workspace.scores), to: workspace.file("turned.npy"))
    #expect(try refine(["--unary", "turned.npy", "--image", "plain.png"]).status == 0)
    let expected = results()
    let run = try refine(["--unary", "turned.npy", "--image", "noted.png"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(results() == expected)
    #expect(
      run.output.contains("16×24, as stored (EXIF orientation 6 is not applied), as the scores are")
    )
    let refused = try refine(
      ["--unary", "turned.npy", "--image", "noted.png", "--orientation", "apply"])
    #expect(refused.status == 65)
    #expect(refused.errors.contains("leave --orientation out"), "\(refused.errors)")
  }

  @Test(
    "half turns and mirrors are asked about, and taken as the option says, whole and in tiles",
    arguments: [PictureOrientation.mirrored, .halfTurn, .flipped])
  func halfTurns(orientation: PictureOrientation) throws {
    try writeNoted("noted.png", orientation)
    try PNG.write(
      ImageFile.read(workspace.file("noted.png")), to: workspace.file("plain.png"))
    let noted = ["--unary", "scores.npy", "--image", "noted.png"]
    for extra in [[], ["--tile", "16", "--overlap", "6"]] {
      let asked = try refine(noted + extra)
      #expect(asked.status == 65)
      #expect(asked.errors.contains("noted.png: is not stored upright"))
      #expect(
        asked.errors.contains("--orientation apply")
          && asked.errors.contains("--orientation ignore"), "\(asked.errors)")
      for (choice, same) in [("apply", "image.png"), ("ignore", "plain.png")] {
        #expect(try refine(["--unary", "scores.npy", "--image", same] + extra).status == 0)
        let expected = results()
        let run = try refine(noted + ["--orientation", choice] + extra)
        #expect(run.status == 0, "\(run.errors)")
        #expect(results() == expected)
        #expect(run.output.contains(", by --orientation"), "\(run.output)")
      }
    }
  }

  @Test("square pictures are asked about, and coarse scores and labels tell as fine ones do")
  func squaresCoarseScoresAndLabels() throws {
    try writeNoted("noted.png", .quarterTurnLeft)
    // Every second score of every second row.
    let coarse = (0..<Workspace.labelCount * 8 * 12).map { index in
      let (label, point) = index.quotientAndRemainder(dividingBy: 96)
      return Workspace.scores[label * 384 + point / 12 * 48 + point % 12 * 2]
    }
    try NPY.write(
      NumericArray(shape: [3, 8, 12], values: coarse), to: workspace.file("coarse.npy"))
    let run = try refine(["--unary", "coarse.npy", "--image", "noted.png"])
    #expect(run.output.contains("24×16, turned upright"), "\(run.errors)")
    let labels = try refine([
      "--unary", "truth.png", "--unary-kind", "labels", "--labels", "3", "--image", "noted.png",
    ])
    #expect(labels.output.contains("24×16, turned upright"), "\(labels.errors)")
    #expect(labels.output.contains("as the labels are"))

    try PNG.write(
      Image(width: 8, height: 8, rgb: (0..<192).map { UInt8($0) }),
      to: workspace.file("square.png"))
    try writeNoted("noted.png", .transposed, of: "square.png")
    try NPY.write(
      NumericArray(shape: [2, 8, 8], values: (0..<128).map { Float($0 % 7) }),
      to: workspace.file("square.npy"))
    let asked = try refine(["--unary", "square.npy", "--image", "noted.png"])
    #expect(asked.status == 65 && asked.errors.contains("(EXIF orientation 5)"))
    let told = try refine([
      "--unary", "square.npy", "--image", "noted.png", "--orientation", "apply",
    ])
    #expect(told.status == 0, "\(told.errors)")
  }

  @Test("nobody is told to transpose scores whose picture is turned")
  func noTransposition() throws {
    try writeNoted("noted.png", .quarterTurnRight)
    var values = [Float](repeating: 0, count: Workspace.scores.count)
    for (index, score) in Workspace.scores.enumerated() {
      let (label, point) = index.quotientAndRemainder(dividingBy: 384)
      values[3 * point + label] = score
    }
    for shape in [[16, 24, 3], [24, 16, 3]] {
      try NPY.write(
        NumericArray(shape: shape, values: values), to: workspace.file("last.npy"))
      let run = try refine(["--unary", "last.npy", "--image", "noted.png"])
      #expect(run.status == 65)
      #expect(run.errors.contains("use --layout hwc"), "\(run.errors)")
      #expect(!run.errors.contains("transpose"), "\(run.errors)")
    }
  }

  @Test("in folders the pictures that were turned are counted, and each asks for itself")
  func folders() throws {
    try workspace.makeFolders("scores", "images")
    for (name, orientation) in [
      ("a", PictureOrientation.upright), ("b", .quarterTurnRight), ("c", .quarterTurnLeft),
      ("d", .halfTurn),
    ] {
      try workspace.writeScores("scores/\(name).npy")
      try writeNoted("images/\(name).png", orientation)
    }
    let run = try workspace.run(
      ["--unary", "scores", "--image", "images", "--output", "out"] + Self.kernels)
    #expect(run.status == 65)
    #expect(run.output.contains("3 refined, 1 failed"))
    #expect(run.output.contains("turned   by EXIF orientation: 2 turned upright"), "\(run.output)")
    #expect(run.errors.contains("images/d.png: is not stored upright"))
    let out = ["a", "b", "c"].map { workspace.bytes("out/\($0).png") }
    #expect(out[0] != nil && out[1] == out[0] && out[2] == out[0])
  }

  @Test("crf-tune asks and follows as crf-refine does")
  func tuning() throws {
    let workspace = try TuneTests.workspace()
    let search =
      TuneTests.folders + [
        "--gaussian-weight", "0.1", "--bilateral-weight", "0.2", "--bilateral-spatial", "3",
        "--bilateral-color", "5,20", "--iterations", "2", "--refinements", "0", "--json",
      ]
    func note(_ orientation: PictureOrientation) throws {
      let upright = try ImageFile.read(self.workspace.file("image.png"))
      try PNG.write(orientation.stored(upright), to: workspace.file("images/b.png"))
      let bytes = EXIFBytes.png(
        [UInt8](try #require(workspace.bytes("images/b.png"))),
        with: EXIFBytes.block(orientation: orientation.rawValue))
      try Data(bytes).write(to: URL(fileURLWithPath: workspace.file("images/b.png")))
    }
    func trials(_ extra: [String] = []) throws -> [Double?] {
      let run = try Command.run(search + extra, of: "crf-tune", in: workspace)
      return try json(run)["trials"].elements.map { $0["objective"].number }
    }
    let expected = try trials()
    try note(.quarterTurnRight)
    #expect(try trials() == expected)
    try note(.halfTurn)
    let asked = try Command.run(search, of: "crf-tune", in: workspace)
    #expect(asked.status == 65)
    #expect(asked.errors.contains("images/b.png: is not stored upright"), "\(asked.errors)")
    #expect(try trials(["--orientation", "apply"]) == expected)
  }

  // MARK: Networks

  @Test("networks see photographs upright, unless they are told not to")
  func networks() throws {
    let segment = try ["segment"] + NetworkWeights.options()
    func labels(_ image: String, _ extra: [String] = []) throws -> (Data?, String) {
      let run = try Command.run(
        segment + ["--image", image, "--labels", "l.npy", "--scores", "s.npy"] + extra,
        of: "deeplab", in: workspace)
      #expect(run.status == 0, "\(run.errors)")
      return (workspace.bytes("s.npy"), run.output)
    }
    let expected = try labels("image.png").0
    for orientation in [PictureOrientation.mirrored, .halfTurn, .quarterTurnRight] {
      try writeNoted("noted.png", orientation)
      let (scores, output) = try labels("noted.png")
      #expect(scores == expected)
      #expect(
        output.contains("24×16, turned upright (EXIF orientation \(orientation.rawValue))"))
    }
    let (_, output) = try labels("noted.png", ["--orientation", "ignore"])
    #expect(output.contains("16×24, as stored (EXIF orientation 6 is not applied)"))
    #expect(try NPY.read(workspace.file("s.npy")).shape == [NetworkWeights.classes, 24, 16])

    // True labels are from elsewhere, and nobody knows which way up they are.
    try writeNoted("noted.png", .halfTurn)
    let refine = try ["--image", "noted.png", "--output", "l.png"] + NetworkWeights.options()
    #expect(try workspace.run(refine).status == 0)
    let compared = try workspace.run(refine + ["--ground-truth", "truth.png"])
    #expect(compared.status == 65)
    #expect(compared.errors.contains("whether the true labels are"), "\(compared.errors)")
  }

  // MARK: Data sets

  private func makeSet(_ orientations: [PictureOrientation]) throws {
    try workspace.makeFolders("set/images", "set/labels", "predictions")
    try workspace.write("ground\ndisc\nband\nnothing\n", as: "set/classes.txt")
    for (index, orientation) in orientations.enumerated() {
      try writeNoted("set/images/\(index).png", orientation)
      try workspace.writeTruth("set/labels/\(index).png")
      try workspace.writeTruth("predictions/\(index).png")
    }
  }

  @Test("dataset check compares masks with both ways, and names what it cannot know")
  func datasetCheck() throws {
    try makeSet([.upright, .quarterTurnRight, .halfTurn])
    let run = try Command.run(["dataset", "check", "set"], of: "deeplab", in: workspace)
    #expect(run.status == 65)
    #expect(run.output.contains("3 photographs, 2 sound; 1 of unclear orientation"))
    #expect(
      run.output.contains(
        "set/images/1.png: turned upright (EXIF orientation 6), as the labels are"))
    #expect(run.output.contains("of unclear orientation: set/images/2.png:"), "\(run.output)")
    let told = try Command.run(
      ["dataset", "check", "set", "--orientation", "apply", "--json"], of: "deeplab",
      in: workspace)
    let report = try json(told).elements[0]
    #expect(report["sound"].number == 3)
    #expect(report["orientations"].elements.map { $0["orientation"]["exif"].number } == [6, 3])
  }

  @Test("evaluate and train see the rows of the labels, and ask before the work begins")
  func datasets() throws {
    try makeSet([.upright, .quarterTurnLeft, .transposed])
    let evaluate = ["evaluate", "--data", "set", "--predictions", "predictions", "--json"]
    let report = try json(Command.run(evaluate, of: "deeplab", in: workspace))
    #expect(report["data"]["orientations"]["applied"].number == 2)
    #expect(report["evaluation"]["before"]["mean_iou"].number == 1)
    let run = try Command.run(
      ["evaluate", "--data", "set"] + NetworkWeights.options(), of: "deeplab",
      in: workspace)
    #expect(run.output.contains("turned   by EXIF orientation: 2 turned upright"), "\(run.errors)")

    try makeSet([.upright, .quarterTurnLeft, .halfTurn])
    for arguments in [
      evaluate, TrainingSet.arguments + ["--set", "steps=1", "--output", "out"],
    ] {
      let asked = try Command.run(arguments, of: "deeplab", in: workspace)
      #expect(asked.status == 65)
      #expect(asked.errors.contains("set/images/2.png: is not stored upright"), "\(asked.errors)")
      #expect(!workspace.exists("out/state.safetensors"))
      let told = try Command.run(
        arguments + ["--orientation", "apply"], of: "deeplab", in: workspace)
      #expect(told.status == 0, "\(told.errors)")
    }
  }

  @Test("scores of a photograph the other way up than its labels are refused")
  func scoresOfTheOtherWay() throws {
    try makeSet([.quarterTurnRight])
    try workspace.makeFolders("scores")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    try NPY.write(
      NumericArray(shape: [3, 24, 16], values: Workspace.scores), to: workspace.file("scores/0.npy")
    )
    let run = try Command.run(
      ["evaluate", "--data", "set", "--scores", "scores"], of: "deeplab", in: workspace)
    #expect(run.status == 65)
    #expect(run.errors.contains("of the photograph as it is stored"), "\(run.errors)")
    #expect(!run.errors.contains("transpose"))
  }
}
