import Formats
import Foundation
import Lattice
import LatticeSupport
import MeanField
import TestSupport
import Testing
import Unaries

/// `crf-lab` as a program.
struct LabTests {
  private func run(_ arguments: [String], in workspace: Workspace) throws -> Command {
    try Command.run(arguments, of: "crf-lab", in: workspace)
  }

  private func json(_ run: Command) throws -> AnyJSON {
    try JSONDecoder().decode(AnyJSON.self, from: Data(run.output.utf8))
  }

  @Test func helpNamesWhatThereIs() throws {
    let workspace = try Workspace()
    let all = try run(["--help"], in: workspace)
    #expect(all.status == 0)
    for name in ["check", "show", "compare"] { #expect(all.output.contains(name)) }
    for (name, options) in [
      ("check", ["plugin", "accuracy", "dimensions", "json", "quiet"]),
      ("show", ["image", "kernel", "filter", "at", "output", "sample", "eigenvalues", "json"]),
      (
        "compare",
        [
          "unary", "image", "ground-truth", "preset", "kernel", "filter", "iterations", "runs",
          "exact-pixels", "trimap-width", "state", "table", "picture", "report", "threads", "json",
          "quiet",
        ]
      ),
    ] {
      let help = try run([name, "--help"], in: workspace)
      #expect(help.status == 0)
      for option in options { #expect(help.output.contains("--\(option)"), "\(name) \(option)") }
    }
  }

  // MARK: check

  @Test func promisesAreListed() throws {
    let workspace = try Workspace()
    let found = try run(
      ["check", "grid:cell=0.5", "majority", "lab", "--dimensions", "2,6"], in: workspace)
    #expect(found.status == 0, "\(found.errors)\(found.output)")
    #expect(found.output.contains("filter grid:cell=0.5: "))
    #expect(found.output.contains("  kept    sums do not depend on threads"))
    #expect(found.output.contains("a grid holds up to 5 features, not 6"))
    #expect(found.output.contains("label filter majority"))
    #expect(found.output.contains("kernel lab:weight=4,spatial=67,color=5: "))
    #expect(!found.output.contains("BROKEN"))
  }

  @Test func aBrokenPromiseIsTheExitStatus() throws {
    let workspace = try Workspace()
    let arguments = ["check", "permutohedral", "--dimensions", "3", "--accuracy", "1e-9"]
    let text = try run(arguments + ["--quiet"], in: workspace)
    #expect(text.status == 1)
    #expect(text.output.contains("BROKEN  weighted means are as close"))
    #expect(text.output.contains("3 features, 4 bandwidths wide: "))
    #expect(!text.output.contains("kept "))
    let found = try run(arguments + ["--json"], in: workspace)
    #expect(found.status == 1)
    let check = try json(found).elements[0]
    #expect(check["noun"].string == "filter" && check["is_kept"] == .bool(false))
    #expect(check["accuracies"].elements.count == 3)
  }

  @Test(arguments: [
    (["check", "nothing"], "nothing"), (["check", "grid:cell=9"], "cell"),
    (["check", "grid", "--dimensions", "0-3"], "--dimensions"),
    (["check", "grid", "--accuracy=-1"], "--accuracy"),
  ])
  func wrongChecks(arguments: [String], word: String) throws {
    let found = try run(arguments, in: Workspace())
    #expect(found.status == 64 && found.errors.contains(word), "\(found.errors)")
  }

  // MARK: show

  @Test(.drawsFigures) func aKernelIsShown() throws {
    let workspace = try Workspace.sample()
    let arguments = [
      "show", "--image", "image.png", "--kernel", "bilateral:spatial=5,color=20", "--kernel",
      "gaussian:weight=3,spatial=2", "--filter", "permutohedral", "--filter", "window:radius=3",
      "--at", "12,10", "--at", "2,2",
    ]
    let text = try run(arguments + ["--output", "show.png"], in: workspace)
    #expect(text.status == 0, "\(text.errors)")
    #expect(
      text.output.contains("kernel bilateral:spatial=5,color=20, 5 features, at pixel 12,10"))
    #expect(text.output.contains("kernel gaussian:spatial=2, 2 features, at pixel 2,2"))
    let picture = try ImageFile.read(workspace.file("show.png"))
    // The image, the Gaussian and two filters; four views, each of two lines of pictures.
    #expect(picture.grid.width > 4 * 220 && picture.grid.height > 4 * 2 * 146)
    let views = try json(run(arguments + ["--json"], in: workspace)).elements
    #expect(views.count == 4)
    for view in views {
      let responses = view["responses"].elements
      #expect(
        responses.map { $0["filter"].string } == ["exact", "permutohedral", "window:radius=3"])
      #expect(responses[0]["self_weight"].number == 1)
      #expect(responses.allSatisfy { ($0["neighbours"].number ?? 0) >= 1 })
      #expect(responses.allSatisfy { $0["eigenvalues"].elements.count == 6 })
    }
  }

  @Test(arguments: [
    (["--at", "24,3"], "--at"), (["--at", "4"], "--at"), (["--sample", "-1"], "--sample"),
    (["--output", "a.jpg"], "a.jpg"), (["--filter", "none"], "--filter"),
    (["--kernel", "bilateral:spatial=3"], "color"),
  ])
  func wrongViews(arguments: [String], word: String) throws {
    let found = try run(
      ["show", "--image", "image.png", "--kernel", "gaussian:spatial=2"] + arguments,
      in: Workspace.sample())
    #expect(found.status == 64 && found.errors.contains(word), "\(found.errors)")
  }

  @Test func aFilterThatCannotTakeTheFeaturesSaysSo() throws {
    let workspace = try Workspace.sample()
    try NPY.write(
      NumericArray(
        shape: [6, Workspace.height, Workspace.width],
        values: (0..<6 * Workspace.height * Workspace.width).map { Float($0 % 17) }),
      to: workspace.file("f.npy"))
    let found = try run(
      [
        "show", "--image", "image.png", "--kernel", "features:file=f.npy,sigma=4", "--filter",
        "grid",
      ], in: workspace)
    #expect(found.status == 65 && found.errors.contains("up to 5 features"), "\(found.errors)")
  }

  // MARK: compare

  private static let comparison = [
    "compare", "--unary", "scores", "--image", "images", "--ground-truth", "truth", "--kernel",
    "bilateral:weight=0.6,spatial=8,color=20", "--kernel", "gaussian:weight=0.1,spatial=2",
    "--iterations", "3", "--exact-pixels", "200",
  ]

  @Test(.drawsFigures) func filtersAreCompared() throws {
    let workspace = try TuneTests.workspace()
    let found = try run(
      Self.comparison + ["--json", "--table", "t.csv", "--picture", "p.png"], in: workspace)
    #expect(found.status == 0, "\(found.errors)")
    let rows = try json(found).elements
    #expect(rows.map { $0["filter"].string } == ["permutohedral", "accurate", "grid", "window"])
    func numbers(_ key: String) -> [Double] { rows.compactMap { $0[key].number } }
    #expect(numbers("image_seconds").allSatisfy { $0 > 0 })
    let errors = numbers("filter_error")
    // The accurate lattice is what it is called.
    #expect(errors.count == 4 && errors[1] < errors[0])
    #expect(numbers("equal_labels").allSatisfy { $0 > 0.8 && $0 <= 1 })
    #expect(rows.contains { $0["is_on_front"] == .bool(true) })
    // What crf-refine makes of the same model.
    let refined = try workspace.run(
      Array(Self.comparison.dropFirst().dropLast(2)) + ["--json", "--quiet"])
    let after = try json(refined)["evaluation"]["after"]["mean_iou"].number
    #expect(rows[0]["mean_iou"].number == after)
    let table = try String(contentsOfFile: workspace.file("t.csv"), encoding: .utf8)
    #expect(table.split(separator: "\n").count == 5)
    #expect(try ImageFile.read(workspace.file("p.png")).channels == 3)
  }

  @Test func aComparisonGoesOnWhereItWasStopped() throws {
    let workspace = try TuneTests.workspace()
    let arguments = Self.comparison + ["--state", "s.jsonl"]
    let first = try run(arguments + ["--filter", "permutohedral", "--json"], in: workspace)
    #expect(first.status == 0, "\(first.errors)")
    let lines = try #require(workspace.bytes("s.jsonl"))
    #expect(lines.count { $0 == UInt8(ascii: "\n") } == 5)
    // The times are those of the first run.
    let again = try run(arguments + ["--filter", "permutohedral", "--json"], in: workspace)
    #expect(again.output == first.output && workspace.bytes("s.jsonl") == lines)
    // More filters are added; other settings are refused.
    let more = try run(
      arguments + ["--filter", "permutohedral", "--filter", "window", "--json"], in: workspace)
    #expect(try json(more).elements[0] == json(first).elements[0])
    let other = try run(arguments + ["--runs", "2"], in: workspace)
    #expect(other.status == 65 && other.errors.contains("the number of runs"), "\(other.errors)")
  }

  @Test func filtersThatCannotBeUsedAreNoted() throws {
    let workspace = try TuneTests.workspace()
    try workspace.makeFolders("data")
    for (name, link) in [("images", "images"), ("labels", "truth"), ("scores", "scores")] {
      try FileManager.default.createSymbolicLink(
        atPath: workspace.file("data/" + name), withDestinationPath: workspace.file(link))
    }
    try NPY.write(
      NumericArray(
        shape: [6, Workspace.height, Workspace.width],
        values: (0..<6 * Workspace.height * Workspace.width).map { Float($0 % 17) }),
      to: workspace.file("f.npy"))
    let found = try run(
      [
        "compare", "data", "--kernel", "features:weight=1,file=f.npy,sigma=4", "--filter", "grid",
        "--filter", "permutohedral", "--exact-pixels", "0", "--iterations", "1",
      ], in: workspace)
    #expect(found.status == 0, "\(found.errors)")
    #expect(found.output.contains("grid cannot be used: "))
    #expect(found.output.contains("4 images"))
  }

  @Test(arguments: [
    (["--runs", "0"], "--runs"), (["--table", "t.txt"], "--table"),
    (["--picture", "p.png", "--exact-pixels", "0"], "--picture"), (["data"], "--unary"),
    (["--iterations", "-2"], "--iterations"), (["--preset", "none"], "--preset"),
  ])
  func wrongComparisons(arguments: [String], word: String) throws {
    let found = try run(Self.comparison + arguments, in: TuneTests.workspace())
    #expect(found.status == 64 && found.errors.contains(word), "\(found.errors)")
  }

  // MARK: The example of docs/laboratory.md

  @Test(.drawsFigures, .enabled(if: CompiledPlugin.compiler != nil))
  func anInventedKernelIsChecked() throws {
    let workspace = try Workspace.sample()
    let library = workspace.file("libtexture.so")
    try CompiledPlugin.compile(
      Shared.projectRoot + "/Examples/PluginTexture/texture.c", to: library)
    let check = try run(["check", "--plugin", library, "texture"], in: workspace)
    #expect(check.status == 0, "\(check.errors)\(check.output)")
    #expect(
      check.output.contains("kernel texture:weight=4,spatial=50,color=5,roughness=0.5: "))
    let show = try run(
      [
        "show", "--plugin", library, "--image", "image.png", "--kernel",
        "texture:spatial=5,roughness=1", "--output", "t.png",
      ], in: workspace)
    #expect(show.status == 0 && show.output.contains("6 features"), "\(show.errors)")
  }
}
