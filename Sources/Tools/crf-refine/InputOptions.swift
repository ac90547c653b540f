import ArgumentParser
import ToolSupport

/// What is read, and how it is to be understood.
struct InputOptions: ParsableArguments {
  @OptionGroup var scores: UnaryOptions
  @OptionGroup var truth: TruthOptions

  @Option(
    help: ArgumentHelp(
      "Also report the mean IOU within these distances of true boundaries: 1,2,4,8.",
      valueName: "widths"))
  var trimap: String?
}
