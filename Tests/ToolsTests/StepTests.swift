import Formats
import Foundation
import MeanField
import TestSupport
import Testing
import Unaries

/// `--step`: what is done to scores, step by step.
struct StepTests {
  private static let given = "--unary scores.npy --image image.png --output labels.png "

  private func labels(_ workspace: Workspace, _ arguments: [String]) throws -> Data? {
    let run = try workspace.run(
      ["--unary", "scores.npy", "--image", "image.png", "--output", "l.png", "--quiet"] + arguments)
    #expect(run.status == 0, "\(run.errors)")
    return workspace.bytes("l.png")
  }

  @Test(arguments: [
    Refusal(given + "--step crff", says: "'crff'", "did you mean 'crf'"),
    Refusal(given + "--step crf:modle=crf-rnn", says: "crf:modle", "did you mean 'model'"),
    Refusal(given + "--step band:width=0", says: "band:width=0", "'width' is 0", "above 0"),
    Refusal(given + "--step band:of=crf", says: "lacks 'width="),
    Refusal(given + "--step crf:iterations=few", says: "'iterations' is few", "whole number"),
    Refusal(given + "--step crf:iterations", says: "key=value"),
    Refusal(given + "--step crf:iterations=1,iterations=2", says: "'iterations'", "twice"),
    Refusal(given + "--step crf:model=crf-rn", says: "did you mean 'crf-rnn'"),
    Refusal(given + "--step band:width=4,of=crf:model=crf-rn", says: "did you mean 'crf-rnn'"),
    Refusal(given + "--step band:width=4,of=bant", says: "'bant'", "did you mean 'band'"),
    Refusal(
      given + "--step majority --step crf", says: "--step", "step 2, crf", "step 1, majority",
      "before the first label filter"),
    Refusal(given + "--step crf --preset crf-rnn", says: "--preset", "--step crf:model="),
    Refusal(given + "--step crf --iterations 3", says: "--iterations", "--step"),
    Refusal(
      given + "--step crf --kernel gaussian:weight=3,spatial=3", says: "--kernel", "--step"),
    Refusal(given + "--step help:bant", says: "'bant'", "did you mean 'band'"),
    Refusal("--unary scores.npy --output l.png --step crf", says: "--image", "bilateral"),
    Refusal(given + "--tile 16 --overlap 4 --step crf:filter=exact", says: "--filter", "--tile"),
    Refusal(given + "--preset plan.json --iterations 3", says: "--iterations", "--step"),
    Refusal(
      given + "--preset order.json", status: 65, says: "order.json", "step 2, temperature"),
    Refusal(given + "--preset ill.json", status: 65, says: "ill.json", "step 2", "'value' is 0"),
    Refusal(
      given + "--preset key.json", status: 65, says: "key.json", "did you mean 'steps'"),
  ])
  func whatCannotBeFollowedIsRefused(refusal: Refusal) throws {
    let workspace = try Workspace.sample()
    try workspace.write(
      #"{"steps": [{"kind": "crf"}, {"kind": "majority"}]}"#, as: "plan.json")
    try workspace.write(
      #"{"steps": ["majority", {"kind": "temperature", "value": 2}]}"#, as: "order.json")
    try workspace.write(
      #"{"steps": [{"kind": "crf"}, {"kind": "temperature", "value": 0}]}"#, as: "ill.json")
    try workspace.write(#"{"steps": [], "step": 3}"#, as: "key.json")
    let before = try workspace.contents()
    let run = try workspace.run(refusal.arguments)
    #expect(run.status == refusal.status, "\(run.errors)")
    #expect(run.output.isEmpty)
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == before)
  }

  @Test func helpListsTheKindsAndExplainsOne() throws {
    let workspace = try Workspace()
    let all = try workspace.run("--step", "help")
    #expect(all.status == 0)
    for kind in ["crf", "temperature", "band", "majority"] {
      #expect(all.output.contains("  \(kind): "), "\(all.output)")
    }
    let one = try workspace.run("--step", "help:band")
    #expect(one.status == 0 && one.output.contains("width=NUMBER"), "\(one.output)")
    for command in [["segment"], ["evaluate", "--data", "."]] {
      let run = try Command.run(command + ["--step", "help:band"], of: "deeplab", in: workspace)
      #expect(run.status == 0 && run.output == one.output, "\(run.errors)")
    }
  }

  @Test func aStepGivesWhatTheShortOptionsGive() throws {
    let workspace = try Workspace.sample()
    let short = try labels(workspace, ["--preset", "crf-rnn", "--iterations", "3"])
    #expect(try labels(workspace, ["--step", "crf:model=crf-rnn,iterations=3"]) == short)
    let run = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--step", "crf:iterations=3", "--step",
      "temperature:value=2", "--step", "majority:radius=2", "--output", "l.png", "--json")
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
    let steps = report["parameters"]["plan"]["steps"].elements
    #expect(steps.map { $0["kind"].string } == ["crf", "temperature", "majority"])
    #expect(steps[0]["model"]["iterations"].number == 3)
    // One of each refinement.
    #expect(report["steps"].elements.count == 2)
    #expect(report["steps"].elements[0]["free_energy"].elements.count == 4)
  }

  @Test func aFileOfAPlanIsFollowedAsItsSteps() throws {
    let workspace = try Workspace.sample()
    let expected = try labels(
      workspace, ["--step", "crf:model=densecrf", "--step", "majority:radius=2"])
    try workspace.write(
      #"{"steps": [{"kind": "crf", "model": "densecrf"}, {"kind": "majority", "radius": 2}]}"#,
      as: "plan.json")
    #expect(try labels(workspace, ["--preset", "plan.json"]) == expected)
    // A step alone is a plan too.
    try workspace.write(#"{"kind": "crf", "model": "densecrf"}"#, as: "step.json")
    #expect(
      try labels(workspace, ["--preset", "step.json"])
        == labels(workspace, ["--preset", "densecrf"]))
  }

  @Test func deeplabFollowsStepsAndPlans() throws {
    let workspace = try Workspace()
    try workspace.writeImage()
    try workspace.write(
      #"{"steps": [{"kind": "crf", "model": "densecrf"}, {"kind": "majority", "radius": 2}]}"#,
      as: "plan.json")
    let steps = ["--step", "crf:model=densecrf", "--step", "majority:radius=2"]
    func segment(_ options: [String], status: Int32 = 0) throws -> Command {
      let run = try Command.run(
        ["segment"] + NetworkWeights.options() + ["--image", "image.png", "--labels", "l.png"]
          + options, of: "deeplab", in: workspace)
      #expect(run.status == status, "\(run.errors)")
      return run
    }
    let run = try segment(steps)
    #expect(run.output.contains("step     majority:radius=2"), "\(run.output)")
    let expected = workspace.bytes("l.png")
    _ = try segment(["--crf", "plan.json"])
    #expect(workspace.bytes("l.png") == expected)
    let refused = try segment(["--crf", "densecrf"] + steps, status: 64)
    #expect(
      refused.errors.contains("--crf") && refused.errors.contains("--step crf:model=densecrf"))
  }

  /// Twice as far as all steps together, where that is more than the least.
  @Test func tilesOverlapByWhatStepsReach() throws {
    let workspace = try Workspace.sample()
    try workspace.write(
      #"{"terms": [{"kernel": {"kind": "gaussian", "spatial": 8}, "#
        + #""compatibility": {"kind": "potts", "weight": 1}}]}"#, as: "smooth.json")
    func overlap(_ steps: String...) throws -> Double? {
      let run = try workspace.run(
        ["--unary", "scores.npy", "--marginals", "q.npy", "--tile", "200", "--json"]
          + steps.flatMap { ["--step", $0] })
      #expect(run.status == 0, "\(run.errors)")
      let report = try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
      return report["tiles"]["overlap"].number
    }
    // Three bandwidths, to both sides.
    #expect(try overlap("crf:model=smooth.json") == 48)
    #expect(try overlap("crf:model=smooth.json", "majority:radius=3") == 54)
    #expect(try overlap("crf:model=smooth.json", "crf:model=smooth.json") == 96)
    #expect(try overlap("temperature:value=2") == 32)
  }

  @Test func aStepThatReachesEverywhereIsNotCut() throws {
    let workspace = try Workspace.sample()
    try NPY.write(
      NumericArray(
        shape: [1, Workspace.height, Workspace.width],
        values: (0..<Workspace.height * Workspace.width).map { Float($0 % 5) }),
      to: workspace.file("f.npy"))
    try workspace.write(
      #"{"terms": [{"kernel": {"kind": "features", "file": "f.npy"}, "#
        + #""compatibility": {"kind": "potts", "weight": 1}}]}"#, as: "far.json")
    let run = try workspace.run(
      "--unary", "scores.npy", "--output", "l.png", "--tile", "16", "--overlap", "4", "--step",
      "crf:model=far.json")
    #expect(run.status == 64)
    #expect(run.errors.contains("--tile: cannot be combined with crf:model=far"), "\(run.errors)")
    #expect(!workspace.exists("l.png"))
  }

  @Test func aFolderOfFeaturesGivesEachFileItsOwn() throws {
    let workspace = try Workspace()
    try workspace.makeFolders("scores", "features")
    let points = Workspace.height * Workspace.width
    for (index, name) in ["a", "b"].enumerated() {
      try workspace.writeScores("scores/\(name).npy")
      try NPY.write(
        NumericArray(
          shape: [1, Workspace.height, Workspace.width],
          values: (0..<points).map { Float($0 / (index == 0 ? 24 : 1) % 7) }),
        to: workspace.file("features/\(name).npy"))
    }
    let kernel = "features:weight=3,file=features"
    let run = try workspace.run("--unary", "scores", "--output", "out", "--kernel", kernel)
    #expect(run.status == 0, "\(run.errors)")
    for name in ["a", "b"] {
      let one = try workspace.run(
        "--unary", "scores/\(name).npy", "--output", "one.png", "--kernel",
        kernel + "/\(name).npy")
      #expect(one.status == 0, "\(one.errors)")
      #expect(workspace.bytes("out/\(name).png") == workspace.bytes("one.png"))
    }
    #expect(workspace.bytes("out/a.png") != workspace.bytes("out/b.png"))
    try FileManager.default.removeItem(atPath: workspace.file("features/b.npy"))
    let lacking = try workspace.run("--unary", "scores", "--output", "out", "--kernel", kernel)
    #expect(lacking.status == 66 && lacking.errors.contains("features/b.npy"), "\(lacking.errors)")
  }

  @Test func aFolderOfSegmentsGivesEachFileItsOwn() throws {
    let workspace = try Workspace.sample()
    try workspace.makeFolders("scores", "segments")
    let points = Workspace.height * Workspace.width
    for name in ["a", "b"] {
      try workspace.writeScores("scores/\(name).npy")
      // One segment for all points, or one for each.
      let segments = (0..<points).map { name == "a" ? Float(0) : Float($0) }
      try NPY.write(
        NumericArray(shape: [Workspace.height, Workspace.width], values: segments),
        to: workspace.file("segments/\(name).npy"))
    }
    let run = try workspace.run(
      "--unary", "scores", "--marginals", "q", "--step", "superpixels:segments=segments")
    #expect(run.status == 0, "\(run.errors)")
    let first = try NPY.read(workspace.file("q/a.npy")).values
    let second = try NPY.read(workspace.file("q/b.npy")).values
    #expect(Set(first.prefix(points)).count == 1 && Set(second.prefix(points)).count > 1)
  }

  @Test func aMatrixOfCostsIsTheLibrarys() throws {
    let workspace = try Workspace.sample()
    let costs: [Float] = [0, 2, 1, 2, 0, 3, 1, 3, 0]
    try NPY.write(NumericArray(shape: [3, 3], values: costs), to: workspace.file("mu.npy"))
    let run = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--marginals", "q.npy", "--iterations", "3",
      "--kernel", "bilateral:spatial=5,color=20,compatibility=matrix,costs=mu.npy")
    #expect(run.status == 0, "\(run.errors)")
    let image = try ImageFile.read(workspace.file("image.png"))
    let unary = try ScoreMapUnary(
      NumericArray(
        shape: [3, Workspace.height, Workspace.width], values: Workspace.scores), kind: .logits,
      layout: .channelsFirst)
    let crf = try DenseCRF(
      scene: Scene(image), unary: unary.energies(for: Scene(image)),
      terms: [
        PairwiseTerm(
          BilateralKernel(spatialSigma: 5, colorSigma: 20), compatibility: .matrix(costs))
      ])
    let expected = crf.marginals(iterations: 3)
    let found = try NPY.read(workspace.file("q.npy")).values
    let points = Workspace.height * Workspace.width
    for point in 0..<points {
      for label in 0..<3 {
        #expect(found[label * points + point] == expected.values[point, label])
      }
    }
    let ill = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--marginals", "q.npy", "--kernel",
      "bilateral:spatial=5,color=20,compatibility=matrix,costs=none.npy")
    #expect(ill.status == 66 && ill.errors.contains("none.npy"), "\(ill.errors)")
  }

  /// Label maps without a number of labels: what no filter touches stays, unknown labels too.
  @Test func labelsAloneAreCleanedAsTheyAre() throws {
    let workspace = try Workspace.sample()
    let grid = GridShape(width: 4, height: 3)
    let map = try LabelMap(grid: grid, labels: [7, 7, 7, 255, 7, 9, 7, 255, 7, 7, 7, 255])
    try LabelFile.write(map, to: workspace.file("map.png"))
    let given = ["--unary", "map.png", "--unary-kind", "labels", "--output", "clean.png"]
    let step = ["--step", "majority:radius=1"]
    let run = try workspace.run(given + step)
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.output.contains("a map of 3 labels") && run.output.contains("8.33 %"), "\(run.output)")
    let expected: [UInt16] = [7, 7, 7, 255, 7, 7, 7, 255, 7, 7, 7, 255]
    #expect(try LabelFile.read(workspace.file("clean.png")).labels == expected)
    // What compares labels with a truth, or makes scores of them, has to know their number.
    for more in [
      step + ["--ground-truth", "map.png"], step + ["--marginals", "q.npy"],
      ["--step", "components:minimum=4,replace=likeliest"], ["--step", "temperature:value=2"],
    ] {
      let refused = try workspace.run(given + more)
      #expect(refused.status == 64 && refused.errors.contains("--label-count"), "\(refused.errors)")
    }
  }
}
