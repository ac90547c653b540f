import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Truths and label maps as people store them, from the command line.
@Suite("Truths of any program")
struct TruthMapTests {
  private let workspace: Workspace
  private static let grid = GridShape(width: Workspace.width, height: Workspace.height)
  private static let folders = [
    "--unary", "scores", "--image", "images", "--ground-truth", "truth",
  ]
  private static let tiles = ["--tile", "16x8", "--overlap", "4"]
  private static let kernels = [
    "--kernel", "gaussian:weight=1,spatial=1", "--kernel",
    "bilateral:weight=2,spatial=1,color=20", "--iterations", "2",
  ]
  /// The disc against the rest.
  private static let mask: [UInt16] = Workspace.truth.map { $0 == 1 ? 1 : 0 }

  /// Two scenes with scores of two labels, and their masks.
  init() throws {
    workspace = try Workspace()
    try workspace.makeFolders("scores", "images", "truth", "set/images", "set/labels", "labels")
    let points = Self.grid.count
    for name in ["a", "b"] {
      let scores = (0..<2 * points).map { index in
        let label = Int(Self.mask[index % points]) == index / points ? Float(1) : 0
        return label + 0.7 * Workspace.scores[index]
      }
      try NPY.write(
        NumericArray(shape: [2, Self.grid.height, Self.grid.width], values: scores),
        to: workspace.file("scores/\(name).npy"))
      try workspace.writeImage("images/\(name).png")
      try workspace.writeImage("set/images/\(name).png")
    }
    try workspace.write("ground\ndisc\n", as: "names.txt")
  }

  private func writeTruth(_ meaning: (UInt16) -> UInt16) throws {
    for name in ["a", "b"] {
      let map = try LabelMap(grid: Self.grid, labels: Self.mask.map(meaning))
      for folder in ["truth", "set/labels", "labels"] {
        try LabelFile.write(map, to: workspace.file("\(folder)/\(name).png"))
      }
    }
  }

  private func figure(_ run: Command, _ path: String...) throws -> Double {
    #expect(run.status == 0, "\(run.errors)")
    let value = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    return try #require(path.reduce(value) { $0[$1] }.number)
  }

  private func refine(_ arguments: [String]) throws -> Command {
    try workspace.run(Self.folders + Self.kernels + ["--json", "--quiet"] + arguments)
  }

  private func deeplab(_ arguments: String...) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace)
  }

  /// Masks of 0 and 255, 0 and 1 with 0 for unlabelled, ids.
  private static let maps: [(offset: UInt16, factor: UInt16, map: String)] = [
    (0, 255, "255:1"), (1, 1, "zero-unlabelled"), (7, 1, "7:0,8:1"), (7, 1, "map.txt"),
  ]

  @Test("a mapping gives the figures of plain labels, whole and in tiles", arguments: [[], tiles])
  func mappings(tiling: [String]) throws {
    try writeTruth { $0 }
    try workspace.write("7 0\n8 1 # disc\n", as: "map.txt")
    let expected = try figure(refine(tiling), "evaluation", "after", "mean_iou")
    #expect(expected > 0.5)
    for (offset, factor, map) in Self.maps {
      try writeTruth { $0 * factor + offset }
      for option in ["--label-map", "--truth-map"] {
        let run = try refine(tiling + [option, map])
        #expect(try figure(run, "evaluation", "after", "mean_iou") == expected, "\(map)")
        #expect(run.errors.isEmpty, "\(run.errors)")
      }
    }
  }

  @Test("masks of 0 and 255 do not pass for a truth of background and void")
  func masks() throws {
    try writeTruth { $0 * 255 }
    let way = "add --label-map 255:1"
    for tiling in [[], Self.tiles] {
      let refined = try refine(tiling)
      #expect(refined.status == 0)
      #expect(refined.errors.contains("warning: truth: no label but 0"), "\(refined.errors)")
      #expect(refined.errors.contains(way), "\(refined.errors)")
    }
    let tuned = try Command.run(
      Self.folders + ["--refinements", "0"], of: "crf-tune", in: workspace)
    #expect(tuned.status == 65 && tuned.errors.contains(way), "\(tuned.errors)")
    let checked = try deeplab("dataset", "check", "set", "--class-names", "names.txt")
    #expect(checked.status == 65 && checked.output.contains(way), "\(checked.output)")
    let evaluated = try deeplab(
      "evaluate", "--data", "set", "--class-names", "names.txt", "--scores", "scores", "--quiet")
    #expect(evaluated.errors.contains(way), "\(evaluated.errors)")
    let predicted = try deeplab(
      "evaluate", "--data", "set", "--class-names", "names.txt", "--predictions", "labels")
    #expect(predicted.errors.contains(way), "\(predicted.errors)")
    let trained = try deeplab(
      "train", "--data", "set", "--class-names", "names.txt", "--model", "deeplab-small",
      "--output", "run")
    #expect(trained.status == 65 && trained.errors.contains(way), "\(trained.errors)")
    #expect(!workspace.exists("run"))
  }

  @Test("with the mapping, all of them go on")
  func mapped() throws {
    try writeTruth { $0 * 255 }
    let map = ["--label-map", "255:1"]
    let tuned = try Command.run(
      Self.folders + map + [
        "--bilateral-weight", "1", "--bilateral-spatial", "3", "--bilateral-color", "20",
        "--refinements", "0", "--quiet", "--json",
      ], of: "crf-tune", in: workspace)
    #expect(tuned.status == 0 && tuned.errors.isEmpty, "\(tuned.errors)")
    let data = ["--class-names", "names.txt"] + map
    let checked = try Command.run(
      ["dataset", "check", "set", "--quiet"] + data, of: "deeplab", in: workspace)
    #expect(checked.status == 0 && checked.output.isEmpty, "\(checked.output)")
    let evaluated = try Command.run(
      ["evaluate", "--data", "set", "--predictions", "labels", "--quiet", "--json"] + data,
      of: "deeplab", in: workspace)
    #expect(try figure(evaluated, "evaluation", "before", "mean_iou") == 1)
    let printed = try deeplab("train", "--label-map", "255:1", "--data", "set", "--print")
    #expect(printed.output.contains("\"labelMap\" : \"255:1\""), "\(printed.output)")
  }

  @Test("the truth may be mapped in another way than predictions")
  func truthAlone() throws {
    try writeTruth { $0 + 1 }
    for name in ["a", "b"] {
      try LabelFile.write(
        LabelMap(grid: Self.grid, labels: Self.mask.map { $0 * 255 }),
        to: workspace.file("labels/\(name).png"))
    }
    let run = try deeplab(
      "evaluate", "--data", "set", "--class-names", "names.txt", "--predictions", "labels",
      "--label-map", "255:1", "--truth-map", "zero-unlabelled", "--quiet", "--json")
    #expect(try figure(run, "evaluation", "before", "mean_iou") == 1)
  }

  @Test("label maps as unaries are mapped too, and what has no label is unknown")
  func unaries() throws {
    try writeTruth { $0 }
    let kind = ["--unary-kind", "labels", "--labels", "2", "--image", "images", "--output"]
    func labels(_ output: String, _ arguments: [String]) throws -> Data? {
      try workspace.makeFolders(output)
      let run = try workspace.run(
        ["--unary", "labels"] + kind + [output, "--quiet"] + Self.kernels + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return workspace.bytes("\(output)/a.png")
    }
    let plain = try labels("plain", [])
    try writeTruth { $0 * 255 }
    for tiling in [[], Self.tiles] {
      #expect(try labels("masks", tiling + ["--label-map", "255:1"]) != nil)
    }
    #expect(workspace.bytes("masks/b.png") != nil)
    #expect(try labels("masks", ["--label-map", "255:1"]) == plain)
    try writeTruth { $0 + 1 }
    #expect(try labels("shifted", ["--label-map", "zero-unlabelled"]) == plain)
    let refused = try workspace.run(
      ["--unary", "labels/a.png", "--unary-kind", "labels", "--labels", "2", "--image"]
        + ["images/a.png", "--output", "o.png"])
    #expect(refused.status == 65)
    #expect(refused.errors.contains("--label-map zero-unlabelled"), "\(refused.errors)")
  }

  @Test("predictions for Cityscapes are found as they are called, and ids are recognised")
  func cityscapes() throws {
    let (images, labels) = ("cs/leftImg8bit/val/ulm", "cs/gtFine/val/ulm")
    try workspace.makeFolders(images, labels, "ids", "named/ulm", "flat")
    let name = "ulm_000000_000001"
    try workspace.writeImage("\(images)/\(name)_leftImg8bit.png")
    let trainIds = (0..<Self.grid.count).map { UInt16($0 % 19) }
    let ids = trainIds.map { LabelMapping.cityscapesIds[Int($0)] }
    for (path, labels) in [
      ("\(labels)/\(name)_gtFine_labelIds", ids), ("ids/\(name)", ids),
      ("named/ulm/\(name)_leftImg8bit", trainIds), ("flat/\(name)_gtFine_labelTrainIds", trainIds),
    ] {
      try LabelFile.write(
        LabelMap(grid: Self.grid, labels: labels), to: workspace.file(path + ".png"))
    }
    func evaluate(_ predictions: String, _ arguments: String...) throws -> Command {
      try Command.run(
        ["evaluate", "--data", "cs", "--predictions", predictions, "--quiet", "--json"] + arguments,
        of: "deeplab", in: workspace)
    }
    for folder in ["named", "flat"] {
      #expect(try figure(evaluate(folder), "evaluation", "before", "mean_iou") == 1)
    }
    let refused = try evaluate("ids")
    #expect(refused.status == 65)
    #expect(refused.errors.contains("--label-map cityscapes"), "\(refused.errors)")
    #expect(
      try figure(
        evaluate("ids", "--label-map", "cityscapes"), "evaluation", "before", "mean_iou") == 1)
    let missing = try evaluate("scores")
    #expect(missing.status == 66 && missing.errors.contains("scores/\(name).png"))
  }

  @Test("a class without a pixel in a whole folder is named")
  func absent() throws {
    try writeTruth { $0 * 2 }
    try workspace.write("ground\nsky\ndisc\n", as: "names.txt")
    let checked = try deeplab("dataset", "check", "set", "--class-names", "names.txt")
    #expect(checked.status == 0)
    #expect(checked.output.contains("not a single pixel has the label 1 (sky)"))
    try writeTruth { _ in 1 }
    let refined = try refine([])
    #expect(refined.errors.contains("no label but 1"), "\(refined.errors)")
  }

  @Test("three equal channels are numbers, with a note that a palette silences")
  func gray() throws {
    try writeTruth { $0 }
    let expected = try figure(refine([]), "evaluation", "after", "mean_iou")
    for name in ["a", "b"] {
      try PNG.write(
        Image(
          width: Self.grid.width, height: Self.grid.height,
          rgb: Self.mask.flatMap { label in (0..<3).map { _ in UInt8(label) } }),
        to: workspace.file("truth/\(name).png"))
    }
    for tiling in [[], Self.tiles] {
      let plain = try refine(tiling)
      #expect(plain.errors.contains("truth/a.png: has three channels that are equal"))
    }
    #expect(try figure(refine([]), "evaluation", "after", "mean_iou") == expected)
    let named = try refine(["--palette", "voc"])
    #expect(named.status == 65 && named.errors.contains("none of the palette's"))
  }

  @Test("a mapping that cannot be followed is refused by its option")
  func refusals() throws {
    try writeTruth { $0 }
    for (options, text) in [
      (["--label-map", "255=1"], "--label-map: is '255=1'"),
      (["--truth-map", "1:x"], "--truth-map: '1:x' is not an entry"),
      (["--void", "0", "--label-map", "zero-unlabelled"], "leave --void out"),
    ] {
      let run = try refine(options)
      #expect(run.status == 64 && run.errors.contains(text), "\(run.errors)")
    }
    let idle = try workspace.run(
      "--unary", "scores/a.npy", "--image", "images/a.png", "--output", "o.png", "--label-map",
      "255:1")
    #expect(idle.status == 64 && idle.errors.contains("--ground-truth"), "\(idle.errors)")
  }
}
