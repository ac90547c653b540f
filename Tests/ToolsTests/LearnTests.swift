import Formats
import Foundation
import TestSupport
import Testing

/// `crf-tune --learn` as a program.
struct LearnTests {
  private static let model = """
    {"terms": [{"kernel": {"kind": "gaussian", "spatial": 1},
                "compatibility": {"kind": "potts", "weight": 0.2}},
               {"kernel": {"kind": "bilateral", "spatial": [4, 3], "color": 20},
                "compatibility": {"kind": "potts", "weight": 0.3}}], "iterations": 3}
    """
  private static let learning = TuneTests.folders + ["--preset", "start.json", "--iterations", "3"]

  private static func workspace() throws -> Workspace {
    let workspace = try TuneTests.workspace()
    try workspace.write(model, as: "start.json")
    return workspace
  }

  private func run(_ arguments: [String], in workspace: Workspace) throws -> Command {
    try Command.run(arguments, of: "crf-tune", in: workspace)
  }

  private func json(_ run: Command) throws -> AnyJSON {
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }

  @Test(.drawsFigures, arguments: ["weights,bandwidths", "weights,compatibility", "diagonal"])
  func refineRepeatsTheFiguresOfTheLearnedModel(learned: String) throws {
    let workspace = try Self.workspace()
    let report = try json(
      run(
        Self.learning + [
          "--learn", learned, "--learn-steps", "6", "--output", "best.json", "--json", "--curve",
          "curve.png", "--curve", "curve.csv",
        ], in: workspace))
    let steps = report["learned"]["steps"].elements
    let losses = steps.compactMap { $0["loss"].number }
    #expect(losses.count == 7 && losses[6] < losses[0])
    let refined = try workspace.run(
      TuneTests.folders + ["--preset", "best.json", "--json", "--quiet"])
    let evaluation = try json(refined)["evaluation"]
    #expect(
      report["learned"]["tuned"]["mean_iou"].number == evaluation["after"]["mean_iou"].number)
    let table = try #require(
      workspace.bytes("curve.csv").map { String(decoding: $0, as: UTF8.self) }
    )
    .split(separator: "\n")
    #expect(table.count == 8 && table[0].hasPrefix("step,evaluations,loss,mean_iou,held_out_loss"))
    #expect(table[7].split(separator: ",")[2] == "\(losses[6])")
    let picture = try ImageFile.read(workspace.file("curve.png"))
    #expect(picture.channels == 3 && picture.grid.count > 10_000)
  }

  @Test func learningBeginsAtTheBestSettingOfASearch() throws {
    let workspace = try Self.workspace()
    let report = try json(
      run(
        Self.learning + [
          "--tune", "bilateral.color=5,20", "--refinements", "0", "--learn", "weights",
          "--learn-steps", "3", "--holdout", "--json", "--state", "state.jsonl",
        ], in: workspace))
    let trials = report["trials"].elements
    #expect(trials.count == 2)
    #expect(
      report["learned"]["tuned"]["setting"]["sigma_beta"] == trials[0]["setting"]["sigma_beta"])
    #expect(report["learned"]["numbers"].elements.map { $0["start"].number } == [0.2, 0.3])
    #expect(report["learned"]["held_out"]["mean_iou"].number != nil)
    #expect(report["learned"]["steps"].elements[0]["held_out_loss"].number != nil)
    #expect(try workspace.contents().contains("state.jsonl.learn"))
  }

  @Test func aStoppedRunGoesOnAndEndsAsAnUndisturbedOne() throws {
    let workspace = try Self.workspace()
    let undisturbedRun =
      Self.learning + ["--learn", "weights,bandwidths", "--learn-steps", "8", "--json", "--quiet"]
    let undisturbed = try json(run(undisturbedRun, in: workspace))["learned"]
    let stateful = undisturbedRun + ["--state", "state.jsonl"]
    for (signal, after) in [(SIGINT, 0.1), (SIGKILL, 0.15)] {
      _ = try Command.run(
        stateful, of: "crf-tune", in: workspace, interruption: (signal, after))
    }
    let resumed = try json(run(stateful, in: workspace))["learned"]
    for key in ["steps", "numbers", "taken", "tuned"] { #expect(resumed[key] == undisturbed[key]) }
    let again = try json(run(stateful, in: workspace))["learned"]
    #expect(again["evaluations"].number == 0 && again["steps"] == undisturbed["steps"])
    let refused = try run(
      Self.learning + ["--learn", "weights", "--state", "state.jsonl"], in: workspace)
    #expect(
      refused.status == 65 && refused.errors.contains("the learned part was"), "\(refused.errors)")
  }

  @Test func theReportHasTheNumbersAndHowItWent() throws {
    let workspace = try Self.workspace()
    let run = try run(
      Self.learning + ["--learn", "weights,bandwidths", "--learn-steps", "3", "--holdout"],
      in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    for text in [
      "6 numbers (weights,bandwidths) by exact sums", "loss     from", "held out from", "of 3: ",
      "bilateral.spatial[1]", "learned", "no CRF",
    ] { #expect(run.output.contains(text), "\(text)") }
    #expect(!run.output.contains("search "))
    #expect(run.errors.contains("step 3: loss "), "\(run.errors)")
  }

  @Test(arguments: [
    Refusal(given + "--learn weigths", says: "--learn", "did you mean 'weights'"),
    Refusal(given + "--learn bandwidths --learn-sums lattice", says: "--learn-sums", "exact sums"),
    Refusal(given + "--learn weights --learn-points 0", says: "--learn-points", "at least 1"),
    Refusal(given + "--learn weights --learn-steps 0", says: "--learn-steps"),
    Refusal(given + "--learn weights --learn-l2 -1", says: "--learn-l2", "0 or more"),
    Refusal(given + "--learn weights --learn-patience 3", says: "--learn-patience", "--holdout"),
    Refusal(given + "--learn weights --curve c.jpg", says: "--curve", ".pdf or a .csv"),
    Refusal(given + "--learn-steps 4 --tune bilateral.color=3", says: "--learn-steps", "--learn"),
    Refusal(given + "--step majority:radius=1 --learn weights", says: "--learn", "one CRF"),
  ])
  func optionsThatCannotBeFollowedAreRefused(refusal: Refusal) throws {
    let workspace = try TuneTests.workspace()
    let run = try run(refusal.arguments, in: workspace)
    #expect(run.status == refusal.status)
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == ["images", "scores", "truth"])
  }

  @Test func oneImageCannotBeHeldOutAndVoidTeachesNothing() throws {
    let workspace = try Self.workspace()
    let weights = Self.learning + ["--learn", "weights"]
    for folder in ["scores", "images", "truth"] {
      for name in try workspace.contents(folder) where !name.hasPrefix("a") {
        try FileManager.default.removeItem(atPath: workspace.file("\(folder)/\(name)"))
      }
    }
    let single = try run(weights + ["--holdout"], in: workspace)
    #expect(single.status == 64 && single.errors.contains("two images at least"))
    let void = try run(weights + ["--truth-map", "0:255,1:255,2:255"], in: workspace)
    #expect(void.status == 65 && void.errors.contains("no pixel counts"), "\(void.errors)")
  }
}

private let given = TuneTests.folders.joined(separator: " ") + " "
