import ArgumentParser
import LatticeSupport
import ToolSupport

/// `crf-tune`: the parameters of a dense CRF that suit a segmenter, by search and by gradients.
@main
struct CRFTune: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crf-tune",
    abstract: "Search the parameters of a dense CRF on images with ground truth.",
    discussion: """
      Reads folders of scores, images and true labels, files of the same stem belonging together, as \
      crf-refine does. Solves every image with every setting of a coarse grid, then with finer grids \
      around the best, and writes the best model for crf-refine --preset and deeplab segment --crf. A \
      number with one value is fixed; without --preset, --tune and the like, w₁, σα and σβ of \
      DeepLab's two kernels are searched as its paper does. With --learn, numbers are learned by \
      gradients, from the best setting or without a search.

      Exit status: 0 all is well; 64 usage; 65 data; 66 no input; 73 cannot create; 74 input or \
      output failed.
      """,
    version: "crf-tune \(Version.current)", subcommands: [Serve.self])

  @OptionGroup(title: "Input") var input: UnaryOptions
  @OptionGroup(title: "Input") var truth: TruthOptions
  @OptionGroup(title: "Search") var search: SearchOptions
  @OptionGroup(title: "Learning") var learning: LearnOptions
  @OptionGroup(title: "Output") var output: TuneOutputOptions

  /// The page is parsed by itself: of a command and a part of it that share options, the command
  /// would take them.
  static func main() {
    let arguments = programArguments()
    guard arguments.first == Serve.configuration.commandName else { return runAsTool() }
    Serve.runAsTool(of: configuration.commandName, with: Array(arguments.dropFirst()))
  }

  mutating func run() throws {
    try TuneRun(
      TuneSettings(
        input: input, truth: truth, search: search, learning: learning, output: output)
    ).run()
  }
}
