import ArgumentParser
import Lattice
import MeanField
import ToolSupport

/// The CRF and how it is solved.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Published parameters by name, see --list-presets, or a file of parameters as crf-tune "
        + "writes it. (default: \(Preset.defaultName), unless --kernel is given)",
      valueName: "preset"))
  var preset: String?

  @Flag(help: "List the presets, with their parameters and sources, and do nothing else.")
  var listPresets = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A kernel, instead of a preset; may be repeated. "
        + KernelKind.all.map { "\($0.example) (\($0.summary))" }.joined(separator: "; ")
        + ". A bandwidth is one value, or one an axis (x first): 67x80. Features may be "
        + "divided by sigma= and reduced to components= principal components.",
      valueName: "kernel"))
  var kernel: [String] = []

  @Option(
    help: ArgumentHelp(
      "How the sums of kernels are normalised. (default: the preset's, or symmetric)",
      valueName: "mode"))
  var normalization: Normalization?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean field updates. (default: the preset's, or 10)", valueName: "n"))
  var iterations: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop once no probability changes by more than this.", valueName: "change"))
  var tolerance: Float = 0

  @Flag(help: "Leave a pixel's message to itself out, as the papers' energy does.")
  var excludeSelf = false

  @Option(
    help: ArgumentHelp(
      "How pairs of pixels are summed: \(FilterBackends.names.joined(separator: ", ")).",
      valueName: "name"))
  var filter = FilterBackends.all[0].name

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to use. (default: OMP_NUM_THREADS, or one for each processor that may be used)",
      valueName: "n"))
  var threads: Int?
}
