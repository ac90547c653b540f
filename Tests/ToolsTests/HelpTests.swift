import Lattice
import MeanField
import Testing

struct HelpTests {
  @Test func helpNamesEveryOption() throws {
    let help = try Workspace().run("--help")
    #expect(help.status == 0)
    let options = [
      "unary", "image", "image-layout", "output", "unary-kind", "layout", "preset", "kernel",
      "normalization",
      "iterations", "tolerance", "exclude-self", "filter", "threads", "marginals", "overlay",
      "overlay-before", "palette", "ground-truth", "json", "quiet", "version", "align-corners",
      "threshold", "memory", "labels", "confidence", "unknown", "member", "list-presets", "void",
      "trimap", "resume", "tile", "overlap", "binary", "normalize-scores", "label-map", "truth-map",
    ]
    for option in options { #expect(help.output.contains("--\(option) "), "\(option)") }
  }

  @Test func helpNamesWhatTheRegistriesHold() throws {
    let help = try Workspace().run("--help").output
    for kind in KernelKind.all { #expect(help.contains(kind.example)) }
    for name in FilterBackends.names { #expect(help.contains(name)) }
  }

  @Test func everyPresetIsListedWithItsParameters() throws {
    let list = try Workspace().run("--list-presets")
    #expect(list.status == 0)
    for preset in Preset.all {
      #expect(list.output.contains(preset.name))
      #expect(list.output.contains(preset.source))
      for kernel in preset.kernels { #expect(list.output.contains("--kernel \(kernel)")) }
    }
  }

  @Test func versionIsANumber() throws {
    let version = try Workspace().run("--version")
    #expect(version.status == 0)
    #expect(version.output.contains(/^crf-refine \d+\.\d+\.\d+\n$/))
  }
}
