import ArgumentParser
import Lattice
import MeanField
import ToolSupport
import Tuning
import Unaries

/// What is searched, and for what.
struct SearchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What is to be as large as possible: the mean IOU (miou), the mean IOU near true boundaries "
        + "(trimap), or the share of pixels labelled rightly (accuracy).", valueName: "goal"))
  var objective = Objective.miou

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "w₁: one value, a list (3,5,10), or first:step:last (30:10:100), as for all ranges.",
      valueName: "range"))
  var bilateralWeight = "3:6"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("σα, in pixels.", valueName: "range"))
  var bilateralSpatial = "30:10:100"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("σβ, in the image's units.", valueName: "range"))
  var bilateralColor = "3:6"

  @Option(parsing: .unconditional, help: ArgumentHelp("w₂.", valueName: "range"))
  var gaussianWeight = "3"

  @Option(parsing: .unconditional, help: ArgumentHelp("σγ, in pixels.", valueName: "range"))
  var gaussianSpatial = "3"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Mean field updates: a number, or several (5,10).", valueName: "list"))
  var iterations = "10"

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rounds after the first, each on a grid of half the gaps around the best.", valueName: "n"))
  var refinements = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How near true boundaries --objective trimap looks.", valueName: "pixels"))
  var trimapWidth = 4

  @Flag(
    help:
      "Tune on every second image only, by the order of names, and report on the others.")
  var holdout = false

  @Option(help: ArgumentHelp("How the sums of kernels are normalised.", valueName: "mode"))
  var normalization = Normalization.symmetric

  @Option(
    help: ArgumentHelp(
      "How pairs of pixels are summed: \(FilterKind.registry.names.joined(separator: ", ")).",
      valueName: "name"))
  var filter = FilterKind.registry.names[0]

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to use, and images in memory at a time. (default: OMP_NUM_THREADS, or one for each "
        + "processor that may be used)",
      valueName: "n"))
  var threads: Int?
}

/// What is written and printed.
struct TuneOutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The best parameters, a .json file for crf-refine --preset.", valueName: "file"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "A picture of the objective over σα and σβ, with the best of all else, .png.",
      valueName: "file"))
  var surface: String?

  @Option(
    help: ArgumentHelp(
      "Keep finished evaluations in this file; a search that finds it goes on where the other was "
        + "stopped.", valueName: "file"))
  var state: String?

  @Option(
    help: ArgumentHelp(
      "The colours of label maps and the names of labels: a name, or a file. (default: "
        + "\(Palette.usualName))", valueName: "palette"))
  var palette: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Flag(help: "Print nothing but errors, and the object of --json where asked for.")
  var quiet = false
}

extension Objective: ExpressibleByArgument {}
