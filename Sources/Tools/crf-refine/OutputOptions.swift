import ArgumentParser
import ToolSupport

/// What is written and printed.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The refined labels: .png (palette indices; 16-bit gray above label 255) or .npy.",
      valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "The probabilities after the last update, (L,H,W) float32 .npy.", valueName: "file"))
  var marginals: String?

  @Option(
    help: ArgumentHelp("A picture of the refined labels over the image, .png.", valueName: "file"))
  var overlay: String?

  @Option(
    help: ArgumentHelp(
      "The same of the labels before refinement, .png.", valueName: "file"))
  var overlayBefore: String?

  @OptionGroup var run: RunOptions

  @Flag(
    help:
      "Print one JSON object: parameters, times, free energies (each costs a filtering), IOUs.")
  var json = false
}
