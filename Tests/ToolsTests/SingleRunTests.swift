import Formats
import Foundation
import TestSupport
import Testing
import Unaries

struct SingleRunTests {
  static let spatial = ["--kernel", "gaussian:weight=2,spatial=1.5"]

  @Test func allOutputsAreWrittenAndAgree() throws {
    let workspace = try Workspace.sample()
    let run = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--output", "labels.png", "--marginals",
      "q.npy", "--overlay", "after.png", "--overlay-before", "before.png", "--ground-truth",
      "truth.png", "--trimap", "1,2")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.isEmpty)
    for text in ["24×16", "deeplab-v2-pytorch", "permutohedral", "mean IOU", "within 2 px"] {
      #expect(run.output.contains(text), "\(run.output)")
    }
    let labels = try LabelFile.read(workspace.file("labels.png"))
    let marginals = try NPY.read(workspace.file("q.npy"))
    #expect(marginals.shape == [3, 16, 24])
    for point in 0..<labels.labels.count {
      let row = (0..<3).map { marginals.values[$0 * labels.labels.count + point] }
      #expect(abs(row.reduce(0, +) - 1) < 1e-5)
      #expect(row[Int(labels.labels[point])] == row.max())
    }
    for name in ["after.png", "before.png"] {
      #expect(try ImageFile.read(workspace.file(name)).grid == labels.grid)
    }
    #expect(workspace.bytes("after.png") != workspace.bytes("before.png"))
  }

  @Test func theCRFMendsNoise() throws {
    let report = try json(
      Workspace.sample(), "--unary", "scores.npy", "--image", "image.png", "--ground-truth",
      "truth.png", "--preset", "densecrf")
    let before = try #require(report["evaluation"]["before"]["mean_iou"].number)
    let after = try #require(report["evaluation"]["after"]["mean_iou"].number)
    #expect(after > before + 0.1, "\(before) → \(after)")
    #expect(report["changed_share"].number ?? 0 > 0.05)
  }

  @Test func jsonIsOneObjectWithAllThatWasDone() throws {
    let report = try json(
      Workspace.sample(), "--unary", "scores.npy", "--image", "image.png", "--output",
      "labels.png", "--iterations", "4", "--threads", "1", "--exclude-self", "--kernel",
      "bilateral:weight=4,spatial=6x7,color=13", "--normalization", "after")
    #expect(report["size"].numbers == [16, 24])
    #expect(report["labels"].number == 3)
    #expect(report["iterations"].number == 4)
    #expect(report["free_energy"].numbers.count == 5)
    #expect(report["outputs"]["labels"].string == "labels.png")
    let parameters = report["parameters"]
    #expect(parameters["threads"].number == 1)
    let model = try #require(parameters["plan"]["steps"].elements.first)["model"]
    #expect(model["iterations"].number == 4)
    #expect(model["filter"]["kind"].string == "permutohedral")
    let term = try #require(model["terms"].elements.first)
    #expect(term["normalization"].string == "after")
    #expect(term["self"].string == "excluded")
    #expect(term["kernel"]["kind"].string == "bilateral")
    #expect(term["kernel"]["spatial"].numbers == [6, 7])
    #expect(term["compatibility"]["weight"].number == 4)
    for stage in ["read", "unary", "filters", "inference", "write"] {
      #expect(report["milliseconds"][stage].number ?? -1 >= 0, "\(stage)")
    }
  }

  @Test func theExactFilterTellsWhatItLeftOut() throws {
    let arguments = [
      "--unary", "scores.npy", "--image", "image.png", "--filter", "exact", "--iterations", "5",
    ]
    let whole = try json(Workspace.sample(), arguments + ["--memory", "16M"])
    let filter = whole["parameters"]["plan"]["steps"].elements.first?["model"]["filter"]
    #expect(filter?["memory"].number == 16)
    let report = whole["exact"]
    #expect(report["threshold"].number == 1e-12)
    #expect(report["evaluated_share"].number ?? 1 < 1)
    for bound in ["mass_bound", "relative_mass_bound", "update_error_bound", "error_bound"] {
      let value = try #require(report[bound].number)
      #expect(value > 0 && value <= 1e-4, "\(bound)")
    }
    let all = try json(Workspace.sample(), arguments + ["--threshold", "0"])["exact"]
    #expect(all["evaluated_share"].number == 1 && all["error_bound"].number == 0)

    let workspace = try Workspace.sample()
    let human = try workspace.run(arguments + ["--output", "labels.png"])
    #expect(human.status == 0 && human.errors.isEmpty)
    #expect(human.output.contains("within"), "\(human.output)")
  }

  @Test func toleranceStopsEarly() throws {
    let report = try json(
      Workspace.sample(), "--unary", "scores.npy", "--tolerance", "0.05", "--iterations", "200",
      Self.spatial[0], Self.spatial[1])
    #expect(report["iterations"].number ?? 200 < 200)
    #expect(report["largest_change"].number ?? 1 < 0.05)
  }

  @Test func quietPrintsNothing() throws {
    let workspace = try Workspace.sample()
    let run = try workspace.run(
      ["--unary", "scores.npy", "--output", "labels.png", "--quiet"] + Self.spatial)
    #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty)
    #expect(workspace.exists("labels.png"))
  }

  @Test func coarseScoresAreUpsampledAndItIsSaid() throws {
    let workspace = try Workspace.sample()
    try NPY.write(
      NumericArray(shape: [2, 4, 6], values: (0..<48).map(Float.init)),
      to: workspace.file("coarse.npy"))
    let run = try workspace.run(
      "--unary", "coarse.npy", "--image", "image.png", "--output", "labels.png")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("6×4 → 24×16, bilinear"))
  }

  @Test func labelMapsCanBeRefined() throws {
    let workspace = try Workspace.sample()
    let run = try workspace.run(
      "--unary", "truth.png", "--unary-kind", "labels", "--labels", "3", "--image", "image.png",
      "--output", "labels.npy", "--unknown", "255", "--confidence", "0.9")
    #expect(run.status == 0, "\(run.errors)")
    let labels = try LabelFile.read(workspace.file("labels.npy"))
    #expect(labels.grid == GridShape(width: 24, height: 16))
    #expect(labels.labels == Workspace.truth)
  }

  @Test func volumesAreWrittenAsArrays() throws {
    let workspace = try Workspace()
    let values = (0..<2 * 3 * 4 * 5).map { Float($0 % 7) }
    try NPY.write(
      NumericArray(shape: [2, 3, 4, 5], values: values), to: workspace.file("volume.npy"))
    let picture = try workspace.run(
      ["--unary", "volume.npy", "--output", "labels.png"] + Self.spatial)
    #expect(picture.status == 64)
    #expect(picture.errors.contains("labels.png") && picture.errors.contains(".npy"))
    let arrays = try workspace.run(
      ["--unary", "volume.npy", "--output", "labels.npy", "--marginals", "q.npy"] + Self.spatial)
    #expect(arrays.status == 0, "\(arrays.errors)")
    #expect(try NPY.read(workspace.file("labels.npy")).shape == [3, 4, 5])
    #expect(try NPY.read(workspace.file("q.npy")).shape == [2, 3, 4, 5])
  }

  @Test func featuresOfOnesOwnAreReadInEitherOrderAndReduced() throws {
    let workspace = try Workspace.sample()
    let points = Workspace.width * Workspace.height
    let planes = (0..<2 * points).map { Float($0 / points * 3 + $0 % points % 24) }
    let rows = (0..<2 * points).map { planes[$0 % 2 * points + $0 / 2] }
    try NPY.write(
      NumericArray(shape: [2, 16, 24], values: planes), to: workspace.file("first.npy"))
    try NPY.write(NumericArray(shape: [16, 24, 2], values: rows), to: workspace.file("last.npy"))
    for name in ["first", "last"] {
      let run = try workspace.run(
        "--unary", "scores.npy", "--output", "\(name).png", "--kernel",
        "features:weight=3,file=\(name).npy,sigma=2x4")
      #expect(run.status == 0, "\(run.errors)")
    }
    #expect(workspace.bytes("first.png") == workspace.bytes("last.png"))
    let reduced = try json(
      workspace, "--unary", "scores.npy", "--kernel",
      "features:weight=3,file=first.npy,components=1")
    let features = try #require(reduced["features"].elements.first)
    #expect(features["dimensions"].number == 1)
    // One feature is constant, so one component holds everything.
    #expect(abs((features["explained_variance"].number ?? 0) - 1) < 1e-6)
  }

  @Test func moreThan256LabelsNeedGray16() throws {
    let workspace = try Workspace()
    // Label l wins at point l.
    let values = (0..<300 * 300).map { Float($0 / 300 == $0 % 300 ? 9 : 0) }
    try NPY.write(
      NumericArray(shape: [300, 10, 30], values: values), to: workspace.file("many.npy"))
    let run = try workspace.run(
      "--unary", "many.npy", "--output", "labels.png", "--iterations", "0", Self.spatial[0],
      Self.spatial[1])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try LabelFile.read(workspace.file("labels.png")).labels == (0..<300).map { $0 })
  }

  @Test func aFailedRunLeavesNothingAndChangesNothing() throws {
    let workspace = try Workspace.sample()
    try workspace.write("precious", as: "labels.png")
    let before = try workspace.contents()
    let run = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--output", "labels.png", "--marginals",
      "q.npy", "--kernel", "bilateral:weight=3,spatial=5,color=0.001")
    #expect(run.status == 65)
    #expect(try workspace.contents() == before)
    #expect(workspace.bytes("labels.png") == Data("precious".utf8))
  }

  @Test func anInterruptLeavesNothing() throws {
    let workspace = try Workspace()
    let side = 400
    try NPY.write(
      NumericArray(shape: [2, side, side], values: [Float](repeating: 0, count: 2 * side * side)),
      to: workspace.file("scores.npy"))
    try PNG.write(
      Image(width: side, height: side, rgb: [UInt8](repeating: 9, count: 3 * side * side)),
      to: workspace.file("image.png"))
    let run = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--output", "labels.png", "--filter",
      "exact", "--threads", "1", interruption: (SIGINT, 0.5))
    #expect(run.signal == SIGINT)
    #expect(try workspace.contents() == ["image.png", "scores.npy"])
  }

  private func json(_ workspace: Workspace, _ arguments: String...) throws -> AnyJSON {
    try json(workspace, arguments)
  }

  private func json(_ workspace: Workspace, _ arguments: [String]) throws -> AnyJSON {
    let run = try workspace.run(arguments + ["--json"])
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }
}
