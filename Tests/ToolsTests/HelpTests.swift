import Lattice
import MeanField
import Testing

struct HelpTests {
  @Test func helpNamesEveryOption() throws {
    let help = try Workspace().run("--help")
    #expect(help.status == 0)
    let options = [
      "unary", "image", "image-layout", "output", "unary-kind", "scores-layout", "preset", "kernel",
      "normalization",
      "iterations", "tolerance", "exclude-self", "filter", "threads", "marginals", "overlay",
      "overlay-before", "palette", "ground-truth", "json", "quiet", "version", "align-corners",
      "threshold", "memory", "label-count", "confidence", "unknown", "member", "list-presets",
      "void",
      "trimap", "resume", "tile", "overlap", "binary", "normalize-scores", "label-map", "truth-map",
      "step", "solver", "energies", "comparison", "iterations-figure", "iterations-class", "report",
      "sequence", "flow", "flow-direction",
    ]
    for option in options {
      // A comma where there is an older name.
      #expect(["--\(option) ", "--\(option), "].contains(where: help.output.contains), "\(option)")
    }
  }

  @Test func helpNamesWhatTheRegistriesHold() throws {
    let help = try Workspace().run("--help").output
    for kind in KernelKind.registry.all { #expect(help.contains(kind.example)) }
    for name in FilterKind.registry.names + SolverKind.registry.names {
      #expect(help.contains(name))
    }
  }

  @Test func everyPresetIsListedWithItsParameters() throws {
    let list = try Workspace().run("--list-presets")
    #expect(list.status == 0)
    for preset in CRFModel.presets {
      #expect(list.output.contains(try #require(preset.name)))
      #expect(list.output.contains(try #require(preset.source)))
      for term in preset.terms { #expect(list.output.contains("--kernel \(term)")) }
    }
  }

  @Test func versionIsANumber() throws {
    let version = try Workspace().run("--version")
    #expect(version.status == 0)
    #expect(version.output.contains(/^crf-refine \d+\.\d+\.\d+\n$/))
  }
}
