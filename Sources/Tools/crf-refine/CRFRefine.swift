import ArgumentParser
import LatticeSupport
import ToolSupport

/// `crf-refine`: better labels from the scores of any segmenter.
@main
struct CRFRefine: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crf-refine",
    abstract: "Refine the labels of a segmenter with a dense CRF.",
    discussion: """
      Reads the scores of any segmenter and the image that they belong to, and writes labels that \
      follow the image's edges. With folders for --unary, --image and the outputs, every file of \
      scores is refined with the image of the same stem. With --model and --weights, a network \
      scores the image, and --unary is left out.

      Exit status: 0 all is well; 64 usage; 65 data; 66 no input; 73 cannot create; 74 input or \
      output failed. For folders, that of the first pair that failed.
      """,
    version: "crf-refine \(Version.current)")

  @OptionGroup(title: "Input") var input: InputOptions
  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Plan") var plan: PlanOptions
  @OptionGroup(title: "Exact filter") var exact: ExactOptions
  @OptionGroup(title: "Tiles") var tiles: TileOptions
  @OptionGroup(title: "Output") var output: OutputOptions

  static func main() { runAsTool() }

  mutating func run() throws {
    if plan.listPresets {
      try StandardOutput.print(PresetList.text)
      return
    }
    if let help = try plan.steps.help() {
      try StandardOutput.print(help)
      return
    }
    let settings = try Settings(
      input: input, network: network, plan: plan, exact: exact, tiles: tiles, output: output)
    if settings.isFolder {
      var run = FolderRefinement(settings)
      try run.run()
    } else {
      try SingleRun(settings).run()
    }
  }
}
