import ArgumentParser
import LatticeSupport
import MeanField
import ToolSupport
import Tuning

/// What is learned, and how.
struct LearnOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Learn numbers of the CRF by L-BFGS, starting from --preset, from the CRF of --step, or from "
        + "the best setting where ranges are searched: \(words), with commas between them. "
        + "'compatibility' is a symmetric matrix of costs, 'diagonal' a factor for each label.",
      valueName: "what"))
  var learn: String?

  @Option(
    help: ArgumentHelp(
      "What --learn makes small: the mean of -log of the true label's probability (likelihood), or "
        + "-1 times the expected share of right pixels (accuracy), of right pixels by class (hamming) "
        + "or IOU (iou); or the focal loss with gamma 2 (focal). (default: likelihood)",
      valueName: "loss"))
  var learnLoss: LearnLoss?

  @Option(
    help: ArgumentHelp(
      "How --learn sums pairs: over all pairs in double precision, on images made small (exact), or "
        + "by --filter on whole images (lattice), where bandwidths stay. (default: exact where "
        + "bandwidths are learned)",
      valueName: "sums"))
  var learnSums: LearningOptions.Sums?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The most pixels of an image that --learn looks at; larger ones are made smaller, and "
        + "bandwidths stay in pixels of the whole. (default: \(LearningOptions.usualPoints) with "
        + "exact sums, all with lattice)",
      valueName: "n"))
  var learnPoints: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps of --learn at most. (default: 50)", valueName: "n"))
  var learnSteps: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How strongly --learn holds to the start: half of this times the squared distance is added to "
        + "the loss. (default: 0.001)", valueName: "lambda"))
  var learnL2: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "With --holdout, end --learn after so many steps that do not lower the loss on the images held "
        + "out, and take the lowest; 0 goes on, and takes the last. (default: 5)", valueName: "n"))
  var learnPatience: Int?

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "The loss and the mean IOU of each step of --learn, as a figure (.png, .svg, .pdf) or a table (.csv); may "
        + "be repeated.", valueName: "file"))
  var curve: [String] = []

  private static let words = LearnedPart.allCases.map(\.rawValue).joined(separator: ", ")
}

/// A loss by its word.
enum LearnLoss: String, CaseIterable, ExpressibleByArgument {
  case likelihood, accuracy, hamming, iou, focal

  var objective: LearningObjective {
    switch self {
    case .likelihood: .logLikelihood()
    case .accuracy: .hamming(power: 0)
    case .hamming: .hamming(power: 1)
    case .iou: .iou()
    case .focal: .focal(gamma: 2)
    }
  }
}

extension LearningOptions.Sums: ExpressibleByArgument {}

extension LearningOptions {
  /// What the options say; `nil` where nothing is learned.
  ///
  /// - Throws: `InputError` naming the option that cannot be followed.
  init?(_ options: LearnOptions, isHoldout: Bool) throws {
    guard let text = options.learn else {
      try OptionCheck.refuse(
        [
          "--learn-loss": options.learnLoss != nil, "--learn-sums": options.learnSums != nil,
          "--learn-points": options.learnPoints != nil, "--learn-steps": options.learnSteps != nil,
          "--learn-l2": options.learnL2 != nil, "--learn-patience": options.learnPatience != nil,
          "--curve": !options.curve.isEmpty,
        ], because: "says how --learn is done, but nothing is learned",
        remedy: "add --learn, or leave it out")
      return nil
    }
    func count(_ value: Int?, _ option: String, least: Int, usual: Int?) throws -> Int? {
      guard let value else { return usual }
      guard value >= least else {
        throw InputError(
          .usage, at: option, "is \(value), but must be at least \(least)",
          remedy: "leave it out for what is usual")
      }
      return value
    }
    let l2 = options.learnL2 ?? Self.usualL2
    guard l2 >= 0, l2.isFinite else {
      throw InputError(
        .usage, at: "--learn-l2", "is \(l2), but must be 0 or more", remedy: "0.001 is usual")
    }
    try OptionCheck.refuse(
      ["--learn-patience": options.learnPatience != nil && !isHoldout],
      because: "looks at the images held out, but there are none", remedy: "add --holdout")
    let patience = try count(options.learnPatience, "--learn-patience", least: 0, usual: 5)
    self.init(
      try OptionCheck.naming("--learn") { try LearnedPart.parts(text) },
      loss: (options.learnLoss ?? .likelihood).objective, sums: options.learnSums,
      points: try count(options.learnPoints, "--learn-points", least: 1, usual: nil),
      iterations: try count(options.learnSteps, "--learn-steps", least: 1, usual: 50) ?? 50,
      l2: l2, patience: patience == 0 ? nil : patience)
    guard sums == .exact || !learned.contains(.bandwidths) else {
      throw InputError(
        .usage, at: "--learn-sums",
        "is lattice, but bandwidths are learned by exact sums alone: a lattice's values jump where "
          + "its vertices change, and no line search can follow its slopes",
        remedy: "leave it out, or learn weights and compatibilities alone")
    }
  }
}
