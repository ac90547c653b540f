import Evaluation
import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// `deeplab evaluate`, on two small photographs whose labels are known.
@Suite("deeplab evaluate")
struct EvaluateTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.makeFolders("set/images", "set/labels", "scores", "predictions")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    for name in ["a", "b"] {
      try workspace.writeImage("set/images/\(name).png")
      try workspace.writeTruth("set/labels/\(name).png")
      try workspace.writeScores("scores/\(name).npy")
    }
  }

  private func evaluate(_ arguments: String...) throws -> Command {
    try Command.run(
      ["evaluate", "--data", "set"] + arguments, of: "deeplab", in: workspace)
  }

  private func object(_ command: Command) throws -> [String: Any] {
    try #require(
      JSONSerialization.jsonObject(with: Data(command.output.utf8)) as? [String: Any])
  }

  /// What the likeliest labels of the scores come to, twice.
  private func expected() throws -> ConfusionMatrix {
    let points = Workspace.width * Workspace.height
    let labels = (0..<points).map { point in
      UInt16(
        (0..<Workspace.labelCount).max {
          Workspace.scores[$0 * points + point] < Workspace.scores[$1 * points + point]
        } ?? 0)
    }
    let grid = GridShape(width: Workspace.width, height: Workspace.height)
    var matrix = ConfusionMatrix(labelCount: Workspace.labelCount)
    for _ in 0..<2 {
      try matrix.add(
        prediction: LabelMap(grid: grid, labels: labels),
        truth: LabelMap(grid: grid, labels: Workspace.truth))
    }
    return matrix
  }

  @Test("figures and the confusion matrix of scores are those of their likeliest labels")
  func scores() throws {
    let run = try evaluate("--scores", "scores", "--json", "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    let object = try object(run)
    let expected = try expected()
    let confusion = try #require(object["confusion"] as? [String: [[Int64]]])
    #expect(confusion["before"]?.flatMap { $0 } == expected.counts)
    let evaluation = try #require(object["evaluation"] as? [String: Any])
    #expect(evaluation["classes"] as? [String] == ["ground", "disc", "band"])
    #expect(evaluation["after"] == nil)
    let figures = try #require(evaluation["before"] as? [String: Any])
    for (name, value) in [
      ("mean_iou", expected.meanIOU), ("pixel_accuracy", expected.pixelAccuracy),
      ("frequency_weighted_iou", expected.frequencyWeightedIOU),
      ("mean_class_accuracy", expected.meanAccuracy),
    ] {
      // JSON keeps 17 digits: rounding only.
      #expect(abs(figures[name] as? Double ?? -1) - (value ?? 0) < 1e-12, "\(name)")
    }
    #expect((evaluation["trimap"] as? [Any])?.count == 40)
  }

  @Test("a CRF is compared with what was there before it, and pictures are written", .drawsFigures)
  func refined() throws {
    let run = try evaluate(
      "--scores", "scores", "--crf", "deeplab-v2-pytorch", "--output", "out", "--trimap-width",
      "8")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("before   after  change"))
    #expect(run.output.contains("mean class accuracy"))
    #expect(run.output.contains("within 8 px"))
    #expect(run.errors.contains("[2/2] b: mean IOU so far "))
    #expect(
      try workspace.contents("out") == [
        "classes.png", "confusion-refined.png", "confusion.png", "evaluation.json", "trimap.png",
      ])
    #expect(try ImageFile.read(workspace.file("out/trimap.png")).grid.width == 2 * 760)
    let text = try String(contentsOfFile: workspace.file("out/evaluation.json"), encoding: .utf8)
    #expect(text.contains("\"mean_iou_after\""))
  }

  @Test(
    "the figures of a real network's scores are those that were published with them",
    .enabled(if: Shared.isPresent, Shared.absence))
  func camVid() throws {
    let folder = Shared.data("camvid-logits")
    let run = try Command.run(
      [
        "evaluate", "--data", folder, "--class-names", "camvid", "--scores", folder + "/scores",
        "--trimap-width", "0", "--json", "--quiet",
      ], of: "deeplab", in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    let evaluation = try #require(try object(run)["evaluation"] as? [String: Any])
    let before = try #require(evaluation["before"] as? [String: Any])
    // Their README's table, to its four digits.
    #expect(abs((before["mean_iou"] as? Double ?? 0) - 0.4903) <= 0.00005)
    #expect(abs((before["pixel_accuracy"] as? Double ?? 0) - 0.8806) <= 0.00005)
    let classes = [
      0.9287, 0.8106, 0.0039, 0.8982, 0.6423, 0.8770, 0.0324, 0.3738, 0.4829, 0.1525, 0.1915,
    ]
    let shown = try #require(before["class_iou"] as? [Double])
    for (value, expected) in zip(shown, classes) { #expect(abs(value - expected) <= 0.00005) }
  }

  @Test("label maps are evaluated as they are; a class that occurs nowhere is named")
  func predictions() throws {
    try workspace.write("ground\ndisc\nband\nmoon\n", as: "set/classes.txt")
    for name in ["a", "b"] { try workspace.writeTruth("predictions/\(name).png") }
    let run = try evaluate("--predictions", "predictions", "--trimap-width", "0", "--quiet")
    #expect(run.status == 0)
    #expect(run.output.isEmpty)
    let shown = try evaluate("--predictions", "predictions", "--trimap-width", "0")
    #expect(shown.output.contains("mean IOU                100.00"))
    #expect(
      shown.output.contains(
        "absent   moon: neither in the truth nor in the labels, and left out of means; counted as "
          + "0, the mean IOU would be 75.00"))
  }

  @Test("a network's labels are evaluated, its classes compared with the data set's")
  func network() throws {
    let network = try NetworkWeights.options()
    let refused = try Command.run(
      ["evaluate", "--data", "set"] + network, of: "deeplab", in: workspace)
    #expect(refused.status == 65)
    #expect(
      refused.errors.contains(
        "set: has 3 classes (ground, disc, band), but there are scores of \(NetworkWeights.classes)"
      ))
    let names = (0..<NetworkWeights.classes).map { "c\($0)" }.joined(separator: "\n")
    try workspace.write(names, as: "names.txt")
    let run = try Command.run(
      ["evaluate", "--data", "set", "--class-names", "names.txt", "--json"] + network,
      of: "deeplab", in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    let object = try object(run)
    #expect((object["network"] as? [String: Any])?["model"] as? String == NetworkWeights.model)
    #expect(
      (object["confusion"] as? [String: [[Int64]]])?["before"]?.joined().reduce(0, +)
        == Int64(2 * Workspace.width * Workspace.height))
  }

  @Test("what is missing, or contradicts itself, is refused before anything is computed")
  func refusals() throws {
    // Without a source it is the model that comes with the program, whose classes are others; a
    // build may lack its weights.
    let nothing = try evaluate()
    #expect(
      nothing.errors.contains(
        "set: has 3 classes (ground, disc, band), but there are scores of 11")
        || nothing.errors.contains("is not there, which is the trained model"))
    let both = try evaluate("--scores", "scores", "--predictions", "predictions")
    #expect(both.errors.contains("is given, and so is --predictions"))
    let refined = try evaluate("--predictions", "predictions", "--crf", "deeplab-v2-pytorch")
    #expect(refined.errors.contains("--crf: refines scores, but --predictions gives labels"))
    try workspace.write("0,0,8,8\n", as: "boxes.csv")
    let boxes = try evaluate(
      "--model", NetworkWeights.model, "--weights", "none", "--proposals", "boxes.csv")
    #expect(boxes.errors.contains("which holds the boxes of one image"))
    let absent = try evaluate("--predictions", "predictions")
    #expect(absent.status == 66)
    #expect(absent.errors.contains("predictions/a.png: is not there, nor are 1 other files"))
    try FileManager.default.removeItem(atPath: workspace.file("set/labels/b.png"))
    let gap = try evaluate("--scores", "scores")
    #expect(gap.status == 66)
    #expect(gap.errors.contains("set/labels/b.png: is not there; 'deeplab dataset check'"))
    let early = try evaluate("--scores", "scores", "--output", "early")
    #expect(early.status == 66)
    #expect(!workspace.exists("early"))
  }

  @Test("labels that could be of two photographs, or two files for one photograph, are refused")
  func ambiguity() throws {
    for name in ["a", "b"] { try workspace.writeTruth("predictions/\(name).png") }
    try workspace.makeFolders("set/other")
    try workspace.writeImage("set/other/a.png")
    try workspace.write(
      "images/a.png labels/a.png\nother/a.png labels/a.png\n", as: "pairs.txt")
    for source in ["predictions", "scores"] {
      let run = try evaluate("--\(source)", source, "--split", "pairs.txt")
      #expect(run.status == 65)
      #expect(run.errors.contains("set/other/a.png: has the same stem as set/images/a.png"))
    }
    try workspace.write("of another run", as: "predictions/b.npy")
    let run = try evaluate("--predictions", "predictions")
    #expect(run.status == 65)
    #expect(
      run.errors.contains("predictions/b.npy: has the same stem as predictions/b.png"),
      "\(run.errors)")
  }

  @Test("a picture that cannot be written costs neither the figures nor the report", .drawsFigures)
  func unwritablePicture() throws {
    try workspace.makeFolders("out/confusion.png")
    let run = try evaluate("--scores", "scores", "--output", "out")
    #expect(run.status == 73, "\(run.errors)")
    #expect(run.output.contains("mean IOU"))
    #expect(run.errors.contains("out/confusion.png"))
    #expect(
      try workspace.contents("out") == [
        "classes.png", "confusion.png", "evaluation.json", "trimap.png",
      ])
  }

  @Test("confusion matrices of too many classes are not drawn, which is said", .drawsFigures)
  func manyClasses() throws {
    // A list of names has 255 at most; scores may be of more.
    try FileManager.default.removeItem(atPath: workspace.file("set/classes.txt"))
    let shape = [300, Workspace.height, Workspace.width]
    for name in ["a", "b"] {
      try NPY.write(
        NumericArray(shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *))),
        to: workspace.file("scores/\(name).npy"))
    }
    let run = try evaluate("--scores", "scores", "--output", "out")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("out: no picture of the confusion matrix of 300 classes"))
    #expect(try workspace.contents("out") == ["evaluation.json", "trimap.png"])
  }

  @Test("labels that do not fit are named by their own file")
  func placeOfMisfits() throws {
    for name in ["a", "b"] { try workspace.writeTruth("predictions/\(name).png") }
    try LabelFile.write(
      LabelMap(grid: GridShape(width: 3, height: 2), labels: [0, 0, 0, 0, 0, 0]),
      to: workspace.file("predictions/b.png"))
    let run = try evaluate("--predictions", "predictions")
    #expect(run.status == 65)
    #expect(run.errors.contains("predictions/b.png: "), "\(run.errors)")
  }

  @Test("crf-refine shows every width that was asked for")
  func listedWidths() throws {
    let widths = [1, 2, 3, 5, 6, 7, 9]
    let run = try workspace.run(
      "--unary", "scores/a.npy", "--image", "set/images/a.png", "--ground-truth",
      "set/labels/a.png", "--trimap", widths.map(String.init).joined(separator: ","))
    #expect(run.status == 0, "\(run.errors)")
    for width in widths { #expect(run.output.contains("within \(width) px"), "\(width)") }
  }

  @Test("a truth with a label outside the classes stops the run, named")
  func badTruth() throws {
    try workspace.write("ground\ndisc\n", as: "two.txt")
    let run = try evaluate("--predictions", "set/labels", "--class-names", "two.txt")
    #expect(run.status == 65)
    #expect(run.errors.contains("set/labels/a.png: has the label 2 at row 0, column 0"))
  }
}

/// `deeplab dataset check`.
@Suite("deeplab dataset check")
struct DatasetCheckToolTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    try workspace.makeFolders("set/images", "set/labels")
    try workspace.write("ground\ndisc\nband\n", as: "set/classes.txt")
    for name in ["a", "b"] {
      try workspace.writeImage("set/images/\(name).png")
      try workspace.writeTruth("set/labels/\(name).png")
    }
  }

  private func check(_ arguments: String...) throws -> Command {
    try Command.run(["dataset", "check"] + arguments, of: "deeplab", in: workspace)
  }

  @Test("a sound data set ends well, with the pixels of each class")
  func sound() throws {
    let run = try check("set")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("set, layout folders: 2 photographs, 2 sound\n"))
    let pixels = 2 * Workspace.truth.count { $0 == 2 }
    #expect(run.output.contains("2  band       \(pixels)"))
    #expect(try check("set", "--quiet").output.isEmpty)
  }

  @Test("faults are named by file, and the exit status tells")
  func faults() throws {
    try workspace.write("ground\ndisc\n", as: "set/classes.txt")
    try FileManager.default.removeItem(atPath: workspace.file("set/images/a.png"))
    let run = try check("set")
    #expect(run.status == 65)
    #expect(run.output.contains("2 photographs, 0 sound; 1 missing, 2 mislabelled"))
    #expect(run.output.contains("missing: set/images/a.jpg: is not there"))
    #expect(run.output.contains("mislabelled: set/labels/b.png: has the label 2 at row 0"))
    #expect(run.output.contains("2  no class"))
    let json = try check("set", "--json")
    #expect(json.status == 65)
    #expect(json.output.contains("\"fault\" : \"mislabelled\""))
  }

  @Test("any two folders can be checked, all splits of a layout one by one")
  func foldersAndSplits() throws {
    let pair = try check("set/images", "--label-folder", "set/labels")
    #expect(pair.status == 0, "\(pair.errors)")
    #expect(pair.output.contains("labels were counted, not checked"))
    try workspace.makeFolders(
      "voc/ImageSets/Segmentation", "voc/JPEGImages", "voc/SegmentationClass")
    for split in ["train", "val"] {
      try workspace.write("a\n", as: "voc/ImageSets/Segmentation/\(split).txt")
    }
    try workspace.writeImage("voc/JPEGImages/a.png")
    try workspace.writeTruth("voc/SegmentationClass/a.png")
    let all = try check("voc")
    #expect(all.status == 0, "\(all.errors)")
    #expect(all.output.contains("voc, split train, layout voc: 1 photographs"))
    #expect(all.output.contains("voc, split val, layout voc: 1 photographs"))
    #expect(try check("voc", "--split", "test").status == 66)
  }
}
