import Support
import ToolSupport
import Unaries

/// The files of one refinement; or, for folders, the folders that they lie in.
struct Job {
  var unary: String
  var image: String?
  var groundTruth: String?
  var labels: String?
  var marginals: String?
  var overlay: String?
  var overlayBefore: String?

  init(input: InputOptions, output: OutputOptions) throws {
    guard let unary = input.unary else {
      throw InputError(
        .usage, at: "--unary", "is missing: there is nothing to refine",
        remedy: "give the scores with --unary FILE; see --help")
    }
    self.unary = unary
    image = input.image
    groundTruth = input.groundTruth
    labels = output.output
    marginals = output.marginals
    overlay = output.overlay
    overlayBefore = output.overlayBefore
  }

  /// What is read and written.
  var plan: OutputPlan {
    OutputPlan(
      outputs: [labels, marginals, overlay, overlayBefore], inputs: [unary, image, groundTruth],
      labels: labels, subject: unary)
  }

  /// - Throws: `InputError` where options contradict each other, before anything is read.
  func check(resumes: Bool, printsJSON: Bool) throws {
    guard !plan.outputs.isEmpty || printsJSON || groundTruth != nil else {
      throw InputError(
        .usage, at: "--output", "is missing, and so is everything else that would show a result",
        remedy: "add --output labels.png, --marginals, --overlay, --ground-truth or --json")
    }
    if image == nil, let option = overlay ?? overlayBefore {
      throw InputError(
        .usage, at: option, "is to show labels over the image, but there is no image",
        remedy: "add --image FILE")
    }
    try plan.check(resumes: resumes, printsJSON: printsJSON)
  }

  /// The job of one file, where this one names folders.
  func inside(_ entry: FolderPlan.Entry) -> Job {
    let stem = entry.stem
    var job = self
    job.unary = entry.path
    job.image = entry.companions["image"]
    job.groundTruth = entry.companions["ground truth"]
    job.labels = labels.map { "\($0)/\(stem).png" }
    job.marginals = marginals.map { "\($0)/\(stem).npy" }
    job.overlay = overlay.map { "\($0)/\(stem).png" }
    job.overlayBefore = overlayBefore.map { "\($0)/\(stem).png" }
    return job
  }
}

extension FolderPlan {
  /// The files of the folders that `job` names.
  ///
  /// - Throws: `InputError` where a folder cannot be listed, or there is nothing to refine.
  init(_ job: Job, kind: UnaryKind) throws {
    let option = "--unary"
    // Arrays in the folder of the scores are scores.
    let arrays = job.image.map { FileSystem.isSame($0, job.unary) } == true ? [] : Self.arrayEndings
    let images = try job.image.map {
      try Companion("image", in: $0, endings: Self.pictureEndings, arrays, beside: option)
    }
    let truths = try job.groundTruth.map {
      try Companion("ground truth", in: $0, endings: Self.labelEndings, beside: option)
    }
    try self.init(
      job.unary, endings: kind == .labels ? Self.labelEndings : Self.arrayEndings, option: option,
      companions: [images, truths].compactMap { $0 },
      remedy: kind == .labels ? "check the folder" : "for label maps, add --unary-kind labels")
  }
}
