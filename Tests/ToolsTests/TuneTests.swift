import Formats
import Foundation
import TestSupport
import Testing
import Unaries

/// `crf-tune` as a program.
struct TuneTests {
  private static let names = ["a", "b", "c", "d"]
  static let folders = ["--unary", "scores", "--image", "images", "--ground-truth", "truth"]
  /// A search of 2 × 2 × 2 settings and its refinement, of weights that leave some pixels wrong.
  private static let search =
    folders + [
      "--gaussian-weight", "0.1", "--bilateral-weight", "0.2,0.6", "--bilateral-spatial", "3,8",
      "--bilateral-color", "5,20", "--iterations", "2",
    ]

  /// Four scenes of growing confidence.
  static func workspace() throws -> Workspace {
    let workspace = try Workspace()
    try workspace.makeFolders("scores", "images", "truth")
    for (index, name) in names.enumerated() {
      try workspace.writeScores("scores/\(name).npy", scaled: Float(index + 1))
      try workspace.writeImage("images/\(name).png")
      try workspace.writeTruth("truth/\(name).png")
    }
    return workspace
  }

  private func run(_ arguments: [String], in workspace: Workspace) throws -> Command {
    try Command.run(arguments, of: "crf-tune", in: workspace)
  }

  private func json(_ run: Command) throws -> AnyJSON {
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }

  @Test func theBestPresetGivesRefineTheFiguresThatWereReported() throws {
    let workspace = try Self.workspace()
    let report = try json(
      run(Self.search + ["--output", "best.json", "--json"], in: workspace))
    // Coarse, and 3 × 3 × 3 around the best, which is in both.
    #expect(report["trials"].elements.count == 8 + 26)
    let refined = try workspace.run(
      ["--unary", "scores", "--image", "images", "--ground-truth", "truth"]
        + ["--preset", "best.json", "--json", "--quiet"])
    let evaluation = try json(refined)["evaluation"]
    let rows = report["tuned"].elements
    #expect(rows[0]["mean_iou"].number == evaluation["before"]["mean_iou"].number)
    #expect(rows[2]["mean_iou"].number == evaluation["after"]["mean_iou"].number)
    #expect(rows[2]["class_iou"].elements.count == Workspace.labelCount)
    #expect(rows[2]["mean_iou"].number == report["trials"].elements[0]["objective"].number)
  }

  @Test(arguments: [("miou", "mean_iou"), ("trimap", "trimap_iou"), ("accuracy", "pixel_accuracy")])
  func theObjectiveIsTheFigureAskedFor(objective: String, key: String) throws {
    let workspace = try Self.workspace()
    let report = try json(
      run(
        Self.search + ["--objective", objective, "--refinements", "0", "--json"], in: workspace))
    let trials = report["trials"].elements.compactMap { $0["objective"].number }
    #expect(trials.count == 8)
    #expect(trials == trials.sorted(by: >))
    #expect(report["tuned"].elements[2][key].number == trials[0])
  }

  @Test func threadsDoNotChangeTheReport() throws {
    let workspace = try Self.workspace()
    let reports = try ["1", "3"].map { threads in
      try json(run(Self.search + ["--json", "--threads", threads], in: workspace))
    }
    for key in ["trials", "tuned"] { #expect(reports[0][key] == reports[1][key]) }
  }

  @Test func iterationsThatShareARunAreThoseOfRunsOfTheirOwn() throws {
    let workspace = try Self.workspace()
    func objectives(_ iterations: String) throws -> [Double: Double] {
      let report = try json(
        run(
          Self.folders + [
            "--bilateral-weight", "4", "--bilateral-spatial", "8", "--bilateral-color", "20",
            "--iterations", iterations, "--json",
          ], in: workspace))
      return Dictionary(
        uniqueKeysWithValues: report["trials"].elements.compactMap { trial in
          trial["setting"]["iterations"].number.flatMap { count in
            trial["objective"].number.map { (count, $0) }
          }
        })
    }
    let together = try objectives("1,4,6")
    #expect(together.count == 3)
    for count in ["1", "4", "6"] {
      let alone = try objectives(count)
      #expect(alone.allSatisfy { together[$0.key] == $0.value })
    }
  }

  @Test func aHoldoutTunesOnOneHalfAndReportsOnTheOther() throws {
    let workspace = try Self.workspace()
    let report = try json(run(Self.search + ["--holdout", "--json"], in: workspace))
    #expect(report["images"].elements.map(\.string) == ["a", "c"])
    #expect(report["images_held_out"].elements.map(\.string) == ["b", "d"])
    // The same search where the other half does not exist.
    for folder in ["scores", "images", "truth"] {
      for name in try workspace.contents(folder) where "bd".contains(name.prefix(1)) {
        try FileManager.default.removeItem(atPath: workspace.file("\(folder)/\(name)"))
      }
    }
    let half = try json(run(Self.search + ["--json"], in: workspace))
    #expect(half["trials"] == report["trials"])
    #expect(half["tuned"] == report["tuned"])
    #expect(report["held_out"].elements[2]["mean_iou"] != report["tuned"].elements[2]["mean_iou"])
  }

  @Test func aStoppedSearchGoesOnAndEndsAsAnUndisturbedOne() throws {
    let workspace = try Self.workspace()
    let undisturbed = try json(run(Self.search + ["--json"], in: workspace))
    let stateful = Self.search + ["--state", "state.jsonl", "--json"]
    let whole = try json(run(stateful, in: workspace))
    #expect(whole["evaluations_found"].number == 0)
    // As after a kill: some lines, and a part of the next.
    let lines = try #require(workspace.bytes("state.jsonl")).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let rest = lines.prefix(40).joined(separator: [UInt8(ascii: "\n")]) + lines[41].prefix(30)
    try Data(rest).write(to: URL(fileURLWithPath: workspace.file("state.jsonl")))
    let resumed = try json(run(stateful, in: workspace))
    #expect(resumed["evaluations_found"].number == 38)
    let count = undisturbed["evaluations"].number ?? 0
    #expect(resumed["evaluations"].number == count - 38)
    for key in ["trials", "tuned", "parameters_at_ends"] {
      #expect(resumed[key] == undisturbed[key])
    }
    // And once more, with nothing left to do.
    let again = try json(run(stateful, in: workspace))
    #expect(again["evaluations"].number == 0)
    #expect(again["trials"] == undisturbed["trials"])
  }

  /// Whatever moment the signals hit: before the first evaluation, between two, or after the end.
  @Test func killedSearchesGoOnAndEndAsAnUndisturbedOne() throws {
    let workspace = try Self.workspace()
    let search =
      Self.folders + [
        "--gaussian-weight", "0.1", "--bilateral-weight", "0.1:0.1:0.6", "--bilateral-spatial",
        "2:9", "--bilateral-color", "5:5:20", "--iterations", "40", "--json", "--quiet",
      ]
    let undisturbed = try json(run(search, in: workspace))
    let stateful = search + ["--state", "state.jsonl"]
    for (signal, after) in [(SIGINT, 0.1), (SIGKILL, 0.15), (SIGTERM, 0.2), (SIGKILL, 0.05)] {
      _ = try Command.run(
        stateful, of: "crf-tune", in: workspace, interruption: (signal, after))
    }
    let resumed = try json(run(stateful, in: workspace))
    for key in ["trials", "tuned"] { #expect(resumed[key] == undisturbed[key]) }
    let made = (resumed["evaluations"].number ?? 0) + (resumed["evaluations_found"].number ?? 0)
    #expect(made == undisturbed["evaluations"].number)
  }

  @Test func helpNamesEveryOption() throws {
    let help = try run(["--help"], in: Workspace())
    #expect(help.status == 0)
    let options = [
      "unary", "image", "ground-truth", "void", "objective", "bilateral-weight",
      "bilateral-spatial", "bilateral-color", "gaussian-weight", "gaussian-spatial", "iterations",
      "refinements", "trimap-width", "holdout", "normalization", "filter", "threads", "output",
      "surface", "state", "palette", "json", "quiet", "binary", "normalize-scores", "label-map",
      "truth-map", "preset", "tune", "report",
    ]
    for option in options { #expect(help.output.contains("--\(option) "), "\(option)") }
  }

  @Test func tuneSpellsTheOptionsOfDeepLabsKernels() throws {
    let workspace = try Self.workspace()
    let short = try json(run(Self.search + ["--json"], in: workspace))
    let long = try json(
      run(
        Self.folders + [
          "--tune", "gaussian.weight=0.1", "--tune", "bilateral.weight=0.2,0.6", "--tune",
          "bilateral.spatial=3,8", "--tune", "bilateral.color=5,20", "--iterations", "2", "--json",
        ], in: workspace))
    for key in ["trials", "tuned"] { #expect(short[key] == long[key]) }
  }

  /// A model of one kernel, a matrix of costs, and a plan around it.
  @Test(arguments: ["model.json", "matrix.json", "plan.json"])
  func anyModelIsTunedAndRefineRepeatsTheFigures(file: String) throws {
    let workspace = try Self.workspace()
    let kernel = #""kernel": {"kind": "bilateral", "spatial": [5, 6], "color": 10}"#
    let model =
      "{\"terms\": [{" + kernel + #", "compatibility": {"kind": "potts", "weight": 1}}]}"#
    try workspace.write(model, as: "model.json")
    try workspace.write(
      "{\"terms\": [{" + kernel + #", "compatibility": {"kind": "matrix", "#
        + #""costs": [[0, 2, 1], [2, 0, 1], [1, 1, 0]]}}]}"#, as: "matrix.json")
    try workspace.write(
      #"{"steps": [{"kind": "temperature", "value": 2}, {"kind": "crf", "model": "# + model
        + #"}, {"kind": "majority"}]}"#, as: "plan.json")
    let report = try json(
      run(
        Self.folders + [
          "--preset", file, "--tune", "bilateral.color=5,20", "--tune", "bilateral.weight=0.2,0.6",
          "--iterations", "2", "--output", "best.json", "--json",
        ], in: workspace))
    let refined = try workspace.run(
      Self.folders + ["--preset", "best.json", "--json", "--quiet"])
    let evaluation = try json(refined)["evaluation"]
    #expect(
      report["tuned"].elements[2]["mean_iou"].number == evaluation["after"]["mean_iou"].number)
    let setting = report["trials"].elements[0]["setting"]
    #expect(setting["w1"].number != nil && setting["sigma_beta"].number != nil)
    #expect(setting["sigma_alpha"] == .null)
  }

  @Test func aStateOfAnEarlierVersionIsRefusedByName() throws {
    let workspace = try Self.workspace()
    let old = #"{"conditions":{},"format":"crf-tune state 1","images":{}}"# + "\n"
    try workspace.write(old, as: "state.jsonl")
    let refused = try run(Self.search + ["--state", "state.jsonl"], in: workspace)
    #expect(refused.status == 65)
    #expect(refused.errors.contains("earlier version of crf-tune"), "\(refused.errors)")
    #expect(workspace.bytes("state.jsonl") == Data(old.utf8))
  }

  @Test func aStateOfOtherInputsIsRefused() throws {
    let workspace = try Self.workspace()
    let stateful = Self.search + ["--state", "state.jsonl", "--refinements", "0"]
    #expect(try run(stateful, in: workspace).status == 0)
    let before = workspace.bytes("state.jsonl")
    func expectRefusal(_ arguments: [String], _ text: String) throws {
      let refused = try run(arguments, in: workspace)
      #expect(refused.status == 65)
      #expect(refused.errors.contains("state.jsonl: "), "\(refused.errors)")
      #expect(refused.errors.contains(text), "\(refused.errors)")
    }
    try expectRefusal(stateful + ["--void", "0"], "--void was 255, and is 0 now")
    try expectRefusal(stateful + ["--palette", "camvid"], "--palette was of colours")
    try expectRefusal(stateful + ["--normalization", "after"], "--normalization was symmetric")
    try expectRefusal(stateful + ["--truth-map", "1:2,2:1"], "--truth-map was not given")
    try workspace.writeScores("scores/b.npy", scaled: 9)
    try expectRefusal(stateful, "the files of 'b' have changed")
    try workspace.writeScores("scores/b.npy", scaled: 2)
    for folder in ["scores", "images", "truth"] {
      let name = try #require(try workspace.contents(folder).last)
      try FileManager.default.removeItem(atPath: workspace.file("\(folder)/\(name)"))
    }
    try expectRefusal(stateful, "'d' was in it")
    #expect(workspace.bytes("state.jsonl") == before)
  }

  @Test(arguments: [
    ("not JSON\n", "line 1"), ("{\"format\":\"other\"}\n", "line 1"), ("{", "no first line"),
  ])
  func aFileThatIsNoStateIsRefusedAndKept(contents: String, text: String) throws {
    let workspace = try Self.workspace()
    try workspace.write(contents, as: "state.jsonl")
    let refused = try run(Self.search + ["--state", "state.jsonl"], in: workspace)
    #expect(refused.status == 65)
    #expect(refused.errors.contains(text), "\(refused.errors)")
    #expect(workspace.bytes("state.jsonl") == Data(contents.utf8))
  }

  /// As of a run that was stopped before its first line, or of another that has just made the file.
  @Test func anEmptyStateIsBegun() throws {
    let workspace = try Self.workspace()
    try workspace.write("", as: "state.jsonl")
    let stateful = Self.search + ["--state", "state.jsonl", "--refinements", "0", "--json"]
    let first = try json(run(stateful, in: workspace))
    let again = try json(run(stateful, in: workspace))
    #expect(again["evaluations_found"].number == first["evaluations"].number)
    #expect(again["trials"] == first["trials"])
  }

  @Test func aSearchThatFindsTheDefaultPresetComparesItWithItself() throws {
    let workspace = try Self.workspace()
    // Its parameters, one value each.
    let report = try json(
      run(
        Self.folders + [
          "--gaussian-weight", "3", "--gaussian-spatial", "1", "--bilateral-weight", "4",
          "--bilateral-spatial", "67", "--bilateral-color", "3", "--iterations", "10",
          "--holdout", "--json",
        ], in: workspace))
    for part in ["tuned", "held_out"] {
      let rows = report[part].elements
      #expect(rows.count == 3)
      #expect(rows[1]["setting"] == rows[2]["setting"])
      #expect(rows[1]["mean_iou"] == rows[2]["mean_iou"])
    }
  }

  @Test func aReportLeavesStandardOutputToAResult() throws {
    let workspace = try Self.workspace()
    let search = Self.search + ["--refinements", "0", "--output", "/dev/stdout"]
    let preset = try json(run(search, in: workspace))
    let terms = preset["terms"].elements
    #expect(terms.map { $0["kernel"]["kind"].string } == ["gaussian", "bilateral"])
    #expect(terms[1]["compatibility"]["weight"].number != nil)
    #expect(try run(search, in: workspace).errors.contains("mean IOU, %"))
    let both = try run(search + ["--json"], in: workspace)
    #expect(both.status == 64)
    #expect(both.errors.contains("cannot be written to where --json prints"))
    #expect(both.output.isEmpty)
  }

  @Test func aDamagedEvaluationIsNamedByItsLine() throws {
    let workspace = try Self.workspace()
    let stateful = Self.search + ["--state", "state.jsonl", "--refinements", "0"]
    #expect(try run(stateful, in: workspace).status == 0)
    let state = try #require(workspace.bytes("state.jsonl"))
    let damage = [
      #"{"image":"a","setting":[3,3,1,3,5,3],"whole":[1,2],"band":[1,2]}"#,
      #"{"image":"z","setting":[3,3,1,3,5,3],"whole":[1],"band":[1]}"#,
      #"{"image":"a","setting":[3,3,1],"whole":[1],"band":[1]}"#,
      #"{"image":"a","setting":[3,3,1,3,5,3],"whole":[-1],"band":[1]}"#,
    ]
    let count = state.count { $0 == UInt8(ascii: "\n") }
    for line in damage {
      try (state + Data((line + "\n").utf8)).write(
        to: URL(fileURLWithPath: workspace.file("state.jsonl")))
      let refused = try run(stateful, in: workspace)
      #expect(refused.status == 65)
      #expect(refused.errors.contains("line \(count + 1): "), "\(refused.errors)")
    }
  }

  @Test func aBadFileStopsTheSearchAndLeavesNoOutput() throws {
    let workspace = try Self.workspace()
    try workspace.write("no array", as: "scores/c.npy")
    let broken = try run(Self.search + ["--output", "best.json"], in: workspace)
    #expect(broken.status == 65)
    #expect(broken.errors.contains("scores/c.npy"))
    #expect(!workspace.exists("best.json"))
    try workspace.writeScores("scores/c.npy")
    try FileManager.default.removeItem(atPath: workspace.file("truth/c.png"))
    let lacking = try run(Self.search + ["--output", "best.json"], in: workspace)
    #expect(lacking.status == 66)
    #expect(lacking.errors.contains("has no ground truth 'c'"))
  }

  @Test(.drawsFigures) func theTableShowsWhatItIsComparedWithAndTheSurfaceIsAPicture() throws {
    let workspace = try Self.workspace()
    let run = try run(Self.search + ["--surface", "surface.png"], in: workspace)
    #expect(run.status == 0, "\(run.errors)")
    for text in ["no CRF", "deeplab-v2-pytorch", "1.", "w₂", "mean IOU, %", "8 + 27 settings"] {
      #expect(run.output.contains(text), "\(text)")
    }
    let picture = try ImageFile.read(workspace.file("surface.png"))
    #expect(picture.channels == 3 && picture.grid.count > 10_000)
  }

  @Test(arguments: [
    Refusal("--image i --ground-truth t", says: "--unary", "is missing"),
    Refusal("--unary scores --ground-truth truth", says: "--image", "is missing"),
    Refusal("--unary scores --image images", says: "--ground-truth", "is missing"),
    Refusal(
      "--unary scores/a.npy --image images --ground-truth truth", status: 66, says: "is a file"),
    Refusal(given + "--objective iou", says: "--objective", "miou"),
    Refusal(given + "--bilateral-weight 6:3", says: "--bilateral-weight", "never gets"),
    Refusal(given + "--bilateral-weight 3:0:6", says: "--bilateral-weight", "above 0"),
    Refusal(given + "--bilateral-weight -1:3", says: "--bilateral-weight", "at least 0"),
    Refusal(given + "--bilateral-color 0", says: "--bilateral-color", "above 0"),
    Refusal(given + "--bilateral-spatial few", says: "--bilateral-spatial", "first:step:last"),
    Refusal(given + "--bilateral-spatial 1:2:3:4", says: "--bilateral-spatial", "not a range"),
    Refusal(given + "--tune bilateral.color", says: "--tune", "bilateral.color=3:6"),
    Refusal(given + "--tune bilateral.colour=3", says: "--tune", "did you mean 'color'"),
    Refusal(
      given + "--tune bilateral.color=3 --bilateral-color 4", says: "--bilateral-color",
      "bilateral.color"),
    Refusal(given + "--preset densecrf", says: "--tune", "is missing"),
    Refusal(given + "--preset densecr --tune bilateral.color=3", says: "did you mean 'densecrf'"),
    Refusal(
      given + "--preset densecrf --tune bilateral.weight=1,2 --surface s.png", says: "--surface"),
    Refusal(given + "--gaussian-spatial nan", says: "--gaussian-spatial"),
    Refusal(given + "--gaussian-weight 0:0.001:9", says: "--gaussian-weight", "1000 values"),
    Refusal(
      given + "--bilateral-weight 1:900 --bilateral-spatial 1:900 --bilateral-color 1:900",
      says: "settings", "--refinements"),
    Refusal(given + "--iterations 0", says: "--iterations", "'0'"),
    Refusal(given + "--iterations 5,,6", says: "--iterations"),
    Refusal(given + "--refinements 11", says: "--refinements", "11"),
    Refusal(given + "--trimap-width 0", says: "--trimap-width"),
    Refusal(given + "--filter exakt", says: "--filter", "did you mean 'exact'"),
    Refusal(given + "--threads 0", says: "--threads"),
    Refusal(given + "--output best.txt", says: "--output", ".json"),
    Refusal(given + "--surface best.jpg", says: "--surface", ".png"),
    Refusal(given + "--state /dev/stdout", says: "--state", "read again"),
    Refusal(given + "--quiet", says: "--quiet", "--json"),
  ])
  func optionsThatCannotBeFollowedAreRefused(refusal: Refusal) throws {
    let workspace = try Self.workspace()
    let run = try run(refusal.arguments, in: workspace)
    #expect(run.status == refusal.status)
    for text in refusal.says { #expect(run.errors.contains(text), "\(run.errors)") }
    #expect(try workspace.contents() == ["images", "scores", "truth"])
  }

  private static let given = folders.joined(separator: " ") + " "
}
