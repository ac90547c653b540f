import Evaluation
import Formats
import LatticeSupport
import ToolSupport
import Unaries

/// The files of one refinement; or, for folders, the folders that they lie in.
struct Job {
  /// The scores; with a network, the image that it scores.
  var subject: String
  /// Further scores, which are merged with them.
  var others: [String]
  var image: String?
  /// Further images, whose channels follow those of the first.
  var moreImages: [String]
  var groundTruth: String?
  var labels: String?
  var marginals: String?
  var overlay: String?
  var overlayBefore: String?
  /// Figures and pages: of a folder, they show all its files together.
  var figures: [String] = []

  /// What a network reads beside the image; empty without one.
  private let networkInputs: [String?]
  /// Whether a network or a plug-in scores the images, which are the subjects then.
  private let scoresImages: Bool

  /// - Throws: `InputError` where nothing says where the scores come from.
  init(
    input: InputOptions, network: NetworkSettings?, hasScorer: Bool, output: OutputOptions
  ) throws {
    scoresImages = network != nil || hasScorer
    try OptionCheck.refuse(
      ["--scorer": hasScorer && (network != nil || input.scores.unary != nil)],
      because: "scores the image, and so \(network == nil ? "does --unary" : "does a network")",
      remedy: "leave one of them out")
    subject = try Self.subject(input, scoresImages: scoresImages)
    others = Array(input.scores.unaries.dropFirst())
    networkInputs = network.map { [$0.weights, $0.proposals?.source.path] } ?? []
    image = input.scores.image
    moreImages = Array(input.scores.images.dropFirst())
    groundTruth = input.truth.groundTruth
    labels = output.output
    marginals = output.marginals
    overlay = output.overlay
    overlayBefore = output.overlayBefore
  }

  private static func subject(
    _ input: InputOptions, scoresImages: Bool
  ) throws -> String {
    guard scoresImages else {
      guard let unary = input.scores.unary else {
        throw InputError(
          .usage, at: "--image", "is missing, and so is --unary: there is nothing to refine",
          remedy: "give a photograph with --image FILE, and scores for it with --unary FILE, or a "
            + "network with --model NAME, or neither for the model that comes with the program")
      }
      return unary
    }
    try OptionCheck.refuse(
      ["--unary": input.scores.unary != nil],
      because: "gives scores, but --model names a network that gives them too",
      remedy: "leave one of them out")
    guard let image = input.scores.image else {
      throw InputError(
        .usage, at: "--image", "is missing: there is no photograph to score",
        remedy: "add --image FILE")
    }
    return image
  }

  /// The files of the scores.
  var scoreFiles: ScoreFiles {
    var files = ScoreFiles(scores: subject, image: image, mergedWith: others)
    files.moreImages = moreImages
    return files
  }

  /// What is read and written.
  var plan: OutputPlan {
    OutputPlan(
      outputs: [labels, marginals, overlay, overlayBefore]
        + (FolderListing.isFolder(subject) ? [] : figures),
      inputs: [subject, image, groundTruth] + moreImages + others + networkInputs,
      labels: labels, subject: subject)
  }

  /// - Throws: `InputError` where options contradict each other, before anything is read.
  func check(resumes: Bool, printsJSON: Bool) throws {
    guard !plan.outputs.isEmpty || !figures.isEmpty || printsJSON || groundTruth != nil else {
      throw InputError(
        .usage, at: "--output", "is missing, and so is everything else that would show a result",
        remedy: "add --output labels.png, --marginals, --overlay, --ground-truth or --json")
    }
    if let other = moreImages.first, !networkInputs.isEmpty || FolderListing.isFolder(subject) {
      throw InputError(
        .usage, at: other,
        "is another image, but "
          + (networkInputs.isEmpty ? "folders have" : "a network scores") + " one at a time",
        remedy: "give --image once")
    }
    if image == nil, let option = overlay ?? overlayBefore {
      throw InputError(
        .usage, at: option, "is to show labels over the image, but there is no image",
        remedy: "add --image FILE")
    }
    if FolderListing.isFolder(subject) {
      try OutputCheck.check(figures, inputs: plan.inputs + plan.outputs)
    }
    try plan.check(resumes: resumes, printsJSON: printsJSON)
  }

  /// The job of one file, where this one names folders.
  func inside(_ entry: FolderMatch.Entry) -> Job {
    let stem = entry.stem
    var job = self
    job.subject = entry.path
    job.figures = []
    job.others = entry.others
    job.image = scoresImages ? entry.path : entry.companions["image"]
    job.groundTruth = entry.companions["ground truth"]
    // What places an image is kept in labels of its own format.
    let ending = Self.labelEnding(beside: job.image ?? job.subject)
    job.labels = labels.map { "\($0)/\(stem).\(ending)" }
    job.marginals = marginals.map { "\($0)/\(stem).npy" }
    job.overlay = overlay.map { "\($0)/\(stem).png" }
    job.overlayBefore = overlayBefore.map { "\($0)/\(stem).png" }
    return job
  }
}

extension Job {
  private static func labelEnding(beside path: String) -> String {
    if TIFF.isNamed(path) { return "tif" }
    return NIfTI.isNamed(path) ? "nii.gz" : "png"
  }
}

extension Settings {
  /// The files of the folders that are named.
  ///
  /// - Throws: `InputError` where a folder cannot be listed, or there is nothing to refine.
  func matchFolders() throws -> FolderMatch {
    guard network != nil || scorer != nil else {
      return try FolderMatch(
        scores: files.subject, images: files.image, groundTruth: files.groundTruth,
        others: files.others, areLabels: unary.kind == .labels, called: "--unary")
    }
    let match = try FolderMatch(
      files.subject, endings: ImageFile.photographEndings, called: "--image",
      companions: [FolderMatch.truths(files.groundTruth, beside: "--image")].compactMap { $0 })
    match.passed.warnOfPictures()
    return match
  }
}
