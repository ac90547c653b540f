import ArgumentParser
import Unaries

/// What is read, and how it is to be understood.
struct InputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The scores: .npy, .npz, or a label map (.png, .npy); or a folder of them. Not with --model.",
      valueName: "file"))
  var unary: String?

  @Option(
    help: ArgumentHelp(
      "The image that the scores belong to: PNG, JPEG, or an array of any channels (.npy).",
      valueName: "file"))
  var image: String?

  @Option(
    help: ArgumentHelp(
      "The order of the axes of an image that is an array: channels first or channels last. "
        + "(default: that of --layout)", valueName: "order"))
  var imageLayout: Layout?

  @Option(
    help: ArgumentHelp("What the scores mean.", valueName: "kind"))
  var unaryKind = UnaryKind.logits

  @Option(
    help: ArgumentHelp(
      "The order of the scores' axes: labels first or labels last. (default: chw)",
      valueName: "order"))
  var layout: Layout?

  @Option(help: ArgumentHelp("Which array of an .npz archive.", valueName: "name"))
  var member: String?

  @Flag(help: "Upsample coarse scores with their corner points on the image's corner pixels.")
  var alignCorners = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("For --unary-kind labels: how many labels there are.", valueName: "n"))
  var labels: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "For --unary-kind labels: how likely a given label is right. (default: 0.7)", valueName: "p"))
  var confidence: Float?

  @Option(
    help: ArgumentHelp(
      "For --unary-kind labels: none, zero (0 is unknown, l + 1 stands for label l), or the "
        + "number of the label that means unknown. (default: none)",
      valueName: "label"))
  var unknown: String?

  @Option(
    help: ArgumentHelp(
      "The true labels, .png or .npy: intersections over union are reported before and after.",
      valueName: "file"))
  var groundTruth: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The label of the ground truth whose pixels do not count.", valueName: "label"))
  var void = Int(Palette.voidLabel)

  @Option(
    help: ArgumentHelp(
      "Also report the mean IOU within these distances of true boundaries: 1,2,4,8.",
      valueName: "widths"))
  var trimap: String?
}

/// What `--unary-kind` can say.
enum UnaryKind: String, CaseIterable, ExpressibleByArgument {
  case logits, probabilities, energies, labels

  /// What the numbers of a score array mean; `nil` for label maps.
  var scoreKind: ScoreKind? {
    switch self {
    case .logits: .logits
    case .probabilities: .probabilities
    case .energies: .energies
    case .labels: nil
    }
  }
}

/// What `--layout` can say.
enum Layout: String, CaseIterable, ExpressibleByArgument {
  case chw, hwc

  var scoreLayout: ScoreLayout { self == .chw ? .labelsFirst : .labelsLast }
  var imageLayout: Image.Layout { self == .chw ? .channelsFirst : .channelsLast }
}
