import ArgumentParser
import Formats
import LatticeSupport
import Unaries

/// Scores and their images, and how they are to be understood.
package struct UnaryOptions: ParsableArguments {
  @Option(
    name: .customLong("unary"),
    help: ArgumentHelp(
      "The scores: .npy, .npz, .tif, .nii.gz, or a label map (.png, .tif, .nii.gz, .npy); or a folder "
        + "of them. Several, each "
        + "after an --unary of its own, are merged as --merge says.",
      valueName: "file"))
  package var unaries: [String] = []
  /// The first, which the outputs are named after.
  package var unary: String? { unaries.first }

  @Option(
    help: ArgumentHelp(
      "What becomes of the probabilities of several --unary: their mean, their geometric mean, or "
        + "the largest of each label.", valueName: "rule"))
  package var merge: MergeRule?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --merge mean or geometric: how much each --unary counts, as in 2,1. (default: equally)",
      valueName: "weights"))
  package var mergeWeights: String?

  @Option(
    name: .customLong("image"),
    help: ArgumentHelp(
      "The image that the scores belong to: PNG, JPEG, TIFF (bands), NIfTI, or an array of any "
        + "channels (.npy). Several of the same size, each after an --image of its own, are the "
        + "channels of one, as modalities are.",
      valueName: "file"))
  package var images: [String] = []
  /// The first.
  package var image: String? { images.first }

  @Option(
    help: ArgumentHelp(
      "The order of the axes of an image that is an array: channels first or channels last. "
        + "(default: that of --scores-layout)", valueName: "order"))
  package var imageLayout: ChannelLayout?

  @OptionGroup package var raster: RasterOptions
  @OptionGroup package var places: PlaceOptions
  @OptionGroup package var orientation: OrientationOptions
  @OptionGroup package var imageRange: ImageRangeOptions

  @Option(
    help: ArgumentHelp("What the scores mean. (default: logits)", valueName: "kind"))
  package var unaryKind: ScoreMeaning?

  @Option(
    name: [.customLong("scores-layout"), .customLong("layout")],
    help: ArgumentHelp(
      "The order of the scores' axes: labels first, labels last, or as DeepLab's Caffe release saves "
        + "them in .mat files. (default: chw; none for .mat)",
      valueName: "order"))
  package var layout: ScoreReading.AxisOrder?

  @Option(
    help: ArgumentHelp("Which array of an .npz archive or a .mat file.", valueName: "name"))
  package var member: String?

  @OptionGroup package var channels: ChannelOptions

  @Flag(help: "Upsample coarse scores with their corner points on the image's corner pixels.")
  package var alignCorners = false

  @Option(
    name: [.customLong("label-count"), .customLong("labels")], parsing: .unconditional,
    help: ArgumentHelp("For --unary-kind labels: how many labels there are.", valueName: "n"))
  package var labelCount: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "For --unary-kind labels: how likely a given label is right. (default: 0.7)", valueName: "p"))
  package var confidence: Float?

  @Option(
    help: ArgumentHelp(
      "For --unary-kind labels: none, zero (0 is unknown, l + 1 stands for label l), or the "
        + "number of the label that means unknown. (default: none)",
      valueName: "label"))
  package var unknown: String?

  package init() {}
}

/// Scores that are not a distribution over several labels as they stand.
package struct ChannelOptions: ParsableArguments {
  @Flag(
    help: "The scores are one channel, (H,W) or (1,H,W), of the foreground: label 1 of two.")
  package var binary = false

  @Flag(
    help: """
      With --unary-kind probabilities: divide by the sum at each point, negative scores taken for 0; \
      for probabilities in 8 bits, counts and class activation maps.
      """)
  package var normalizeScores = false

  package init() {}
}

/// What `--unary-kind` can say.
extension ScoreMeaning: ExpressibleByArgument {}

/// What `--merge` can say.
package enum MergeRule: String, CaseIterable, ExpressibleByArgument {
  case mean, geometric, max

  package var rule: EnsembleUnary.Rule {
    switch self {
    case .mean: .mean
    case .geometric: .geometricMean
    case .max: .maximum
    }
  }
}

extension UnaryOptions {
  /// How several scores become one.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  package func merging() throws -> ScoreReading.Merging {
    guard unaries.count > 1 else {
      try OptionCheck.refuse(
        ["--merge": merge != nil, "--merge-weights": mergeWeights != nil],
        because: "says how several scores become one, but there are not several",
        remedy: "give --unary for each of them, or leave it out")
      return ScoreReading.Merging()
    }
    if unaryKind == .labels {
      throw InputError(
        .usage, at: "--unary",
        "names \(unaries.count) label maps, but labels are names of classes and cannot be averaged: "
          + "between 1 and 3 lies 2, another class",
        remedy: "give the scores that the labels come from")
    }
    guard let merge else {
      throw InputError(
        .usage, at: "--merge",
        "is missing: --unary names \(unaries.count) scores, and nothing says "
          + "what becomes of them", remedy: "mean is usual: --merge mean")
    }
    guard let text = mergeWeights else { return ScoreReading.Merging(by: merge.rule) }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let weights = parts.compactMap { Float($0) }.filter { $0 >= 0 && $0.isFinite }
    guard merge != .max, weights.count == parts.count, weights.count == unaries.count,
      weights.contains(where: { $0 > 0 })
    else {
      throw InputError(
        .usage, at: "--merge-weights",
        merge == .max
          ? "says how much scores count, but the largest counts alone"
          : "is '\(text)', but must be \(unaries.count) numbers of at least 0, not all 0",
        remedy: merge == .max ? "leave it out" : "one for each --unary, as in 2,1")
    }
    return ScoreReading.Merging(by: merge.rule, weights: weights)
  }
}

/// What `--scores-layout` can say: `chw`, `hwc` or `whc`.
extension ScoreReading.AxisOrder: ExpressibleByArgument {
  /// All that can be said.
  public static var allValueStrings: [String] { allCases.map(\.word) }

  /// The order that is said.
  public init?(argument: String) {
    guard let order = Self.allCases.first(where: { $0.word == argument }) else { return nil }
    self = order
  }

  /// As options have it.
  package var word: String {
    switch self {
    case .labelsFirst: "chw"
    case .labelsLast: "hwc"
    case .caffe: "whc"
    }
  }
}

/// What `--image-layout` can say: `chw` or `hwc`.
extension ChannelLayout: ExpressibleByArgument {
  /// All that can be said.
  public static var allValueStrings: [String] { allCases.map(\.word) }

  /// The layout that is said.
  public init?(argument: String) {
    guard let layout = Self.allCases.first(where: { $0.word == argument }) else { return nil }
    self = layout
  }

  /// As options have it.
  package var word: String { self == .channelsFirst ? "chw" : "hwc" }
}
