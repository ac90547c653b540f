import Formats
import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Plug-ins on the command line: what a shared library brings is like what is built in.
@Suite(.enabled(if: CompiledPlugin.compiler != nil))
struct PluginTests {
  private let workspace: Workspace
  private let library: String

  init() throws {
    workspace = try Workspace.sample()
    library = try CompiledPlugin.example.get()
  }

  private func refine(_ arguments: String...) throws -> Command {
    try workspace.run(
      ["--plugin", library, "--unary", "scores.npy", "--image", "image.png"] + arguments)
  }

  private func labels(_ name: String) throws -> [Float] {
    try NPY.read(workspace.file(name)).values
  }

  @Test("help knows a plug-in's kinds, with their settings and ranges")
  func help() throws {
    let all = try workspace.run("--plugin", library, "--help")
    #expect(all.status == 0)
    // Lines are broken where they fit.
    let text = all.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(text.contains("hue:weight=4,spatial=50,hue=0.03 (positions and hues)"))
    #expect(text.contains("pairs (every pair of points, one after the other)"))
    let one = try workspace.run("--plugin=\(library)", "--step", "help:sharpen")
    #expect(one.output.contains("sharpen: probabilities raised to a power"))
    #expect(one.output.contains("power=NUMBER  above 1 sharpens, below softens (default: 2)"))
  }

  @Test("a kernel of a plug-in is summed by filters that are built in, and by a plug-in's")
  func kernelAndFilter() throws {
    let kernel = "hue:weight=4,spatial=5,hue=0.1"
    let own = try refine("--kernel", kernel, "--filter", "pairs", "--marginals", "own.npy")
    #expect(own.status == 0, "\(own.errors)")
    let exact = try refine(
      "--kernel", kernel, "--filter", "exact", "--threshold", "0", "--marginals", "exact.npy")
    #expect(exact.status == 0, "\(exact.errors)")
    let (first, second) = (try labels("own.npy"), try labels("exact.npy"))
    // Both are sums of 384 products in float32, in ten updates.
    #expect(zip(first, second).allSatisfy { abs($0 - $1) < 1e-4 })
    #expect(first != (try unrefined()), "the kernel does something")
    #expect(own.output.contains("\(kernel)") && own.output.contains("pairs filter"))
  }

  private func unrefined() throws -> [Float] {
    let run = try refine("--kernel", "gaussian:weight=0,spatial=1", "--marginals", "before.npy")
    #expect(run.status == 0)
    return try labels("before.npy")
  }

  @Test("a factored filter of a plug-in is that of its definition")
  func factored() throws {
    let line = (0..<40).map { 2 * Float($0) / 3 + ($0 > 20 ? 6 : 0) }
    try NPY.write(NumericArray(shape: [1, 40, 1], values: line), to: workspace.file("line.npy"))
    let scores = (0..<80).map { Float($0 * 37 % 11) / 5 }
    try NPY.write(NumericArray(shape: [2, 40, 1], values: scores), to: workspace.file("two.npy"))
    for (filter, name) in [("bins", "bins.npy"), ("exact:threshold=0", "all.npy")] {
      let run = try workspace.run(
        "--plugin", library, "--unary", "two.npy", "--kernel",
        "features:weight=2,file=line.npy,sigma=3", "--filter", filter, "--marginals", name)
      #expect(run.status == 0, "\(run.errors)")
    }
    let (found, expected) = (try labels("bins.npy"), try labels("all.npy"))
    // Interpolation between bins of a quarter of a bandwidth is off by 1 % of a Gaussian.
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 0.02 })
    #expect(zip(found, expected).contains { $0 != $1 }, "another filter than the exact one")
  }

  @Test("a compatibility of a plug-in is that of the same matrix")
  func compatibility() throws {
    let costs: [Float] = [0, 1, 2, 1, 0, 1, 2, 1, 0]
    try NPY.write(NumericArray(shape: [3, 3], values: costs), to: workspace.file("mu.npy"))
    let named = try refine(
      "--kernel", "gaussian:spatial=3,compatibility=ordered,weight=1,limit=4", "--marginals",
      "ordered.npy")
    let matrix = try refine(
      "--kernel", "gaussian:spatial=3,compatibility=matrix,costs=mu.npy", "--marginals",
      "matrix.npy")
    #expect(named.status == 0 && matrix.status == 0, "\(named.errors)\(matrix.errors)")
    #expect(try labels("ordered.npy") == labels("matrix.npy"))
  }

  @Test("a unary of a plug-in scores images in place of files")
  func unary() throws {
    let run = try workspace.run(
      "--plugin", library, "--scorer", "shades:labels=3,sigma=30", "--image", "image.png",
      "--kernel", "gaussian:weight=1,spatial=1", "--output", "shades.npy", "--json")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains(#""scorer" : "shades:labels=3,sigma=30""#))
    #expect(run.output.contains("libexample.so"))
    // Colours of means 63, 103 and 150 are nearest to 0, 127.5 and 127.5.
    #expect(Set(try labels("shades.npy")).isSubset(of: [0, 1]))
    let both = try workspace.run(
      "--plugin", library, "--scorer", "shades", "--unary", "scores.npy", "--image", "image.png",
      "--output", "x.npy")
    #expect(both.status == 64 && both.errors.contains("--scorer: scores the image"))
  }

  @Test("steps of a plug-in work in plans, and in tiles as on the whole")
  func steps() throws {
    let steps = ["--step", "sharpen:power=3", "--step", "unsure:least=0.6"]
    let whole = try workspace.run(
      ["--plugin", library, "--unary", "scores.npy", "--output", "whole.npy"] + steps)
    #expect(whole.status == 0, "\(whole.errors)")
    let tiled = try workspace.run(
      [
        "--plugin", library, "--unary", "scores.npy", "--output", "tiled.npy", "--tile", "16",
        "--overlap", "4",
      ] + steps)
    #expect(tiled.status == 0, "\(tiled.errors)")
    let labels = try labels("whole.npy")
    #expect(try labels == self.labels("tiled.npy"))
    #expect(labels.contains(255) && labels.contains(0))
  }

  @Test("a preset names a plug-in's kernel, and says what to load where it is not there")
  func presets() throws {
    try workspace.write(
      """
      {"terms": [{"kernel": {"kind": "hue", "spatial": 5}, \
      "compatibility": {"kind": "potts", "weight": 4}}], "filter": {"kind": "pairs"}}
      """, as: "hue.json")
    let with = try refine("--preset", "hue.json", "--output", "a.npy")
    #expect(with.status == 0, "\(with.errors)")
    let without = try workspace.run(
      "--unary", "scores.npy", "--image", "image.png", "--preset", "hue.json", "--output", "b.npy")
    #expect(without.status == 64 || without.status == 65)
    #expect(without.errors.contains("there is no kernel 'hue'"))
    #expect(without.errors.contains("where a plug-in has it, use --plugin FILE"))
    let step = try workspace.run(
      "--unary", "scores.npy", "--step", "unsure:least=1", "--output", "b.npy")
    #expect(step.errors.contains("there is no step 'unsure'"))
    #expect(step.errors.contains("use --plugin FILE"))
  }

  @Test("a setting out of its range is refused as those of built-in kinds are")
  func settings() throws {
    let range = try refine("--step", "sharpen:power=9", "--output", "a.npy")
    #expect(range.status == 64)
    #expect(range.errors.contains("'power' is 9, but must be a number above 0, up to 8"))
    let unknown = try refine("--step", "sharpen:force=2", "--output", "a.npy")
    #expect(unknown.errors.contains("there is no setting of the sharpen refinement 'force'"))
  }

  @Test("what a plug-in refuses is said with the term, in its own words")
  func ownWords() throws {
    let run = try refine("--kernel", "gaussian:weight=1,spatial=3", "--filter", "bins", "--json")
    #expect(run.status == 65)
    #expect(run.errors.contains("bins hold 1 feature, not 2"))
    #expect(run.errors.contains("gaussian:weight=1,spatial=3"))
  }

  @Test("a tuner searches a plug-in's numbers")
  func tuning() throws {
    try workspace.makeFolders("scores", "images", "truth")
    try workspace.writeScores("scores/a.npy")
    try workspace.writeImage("images/a.png")
    try workspace.writeTruth("truth/a.png")
    let run = try Command.run(
      [
        "--plugin", library, "--unary", "scores", "--image", "images", "--ground-truth", "truth",
        "--preset", "hue.json", "--tune", "hue.spatial=2,4", "--output", "tuned.json",
      ], of: "crf-tune", in: try withModel())
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      String(decoding: workspace.bytes("tuned.json") ?? Data(), as: UTF8.self).contains("hue"))
  }

  private func withModel() throws -> Workspace {
    try workspace.write(
      """
      {"terms": [{"kernel": {"kind": "hue", "spatial": 5, "hue": 0.1}, \
      "compatibility": {"kind": "potts", "weight": 4}}], "iterations": 2}
      """, as: "hue.json")
    return workspace
  }

  @Test("a library that is missing, or named twice")
  func names() throws {
    let missing = try workspace.run("--plugin", "libnone.so", "--list-presets")
    #expect(missing.status == 66)
    #expect(missing.errors.contains("libnone.so: there is no such file"))
    let twice = try workspace.run("--plugin", library, "--plugin", library, "--step", "help:unsure")
    #expect(twice.status == 0 && twice.output.contains("unsure:"))
  }

  @Test("nothing is loaded that only the environment or a file names")
  func nothingElse() throws {
    try workspace.write(#"{"steps": ["unsure"], "plugin": "\#(library)"}"#, as: "plan.json")
    let run = try workspace.run(
      "--unary", "scores.npy", "--preset", "plan.json", "--output", "a.npy")
    #expect(run.status == 64 || run.status == 65)
    #expect(run.errors.contains("there is no key of a plan 'plugin'"))
  }
}
