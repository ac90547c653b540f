import Support
import ToolSupport
import Unaries

/// The files of one refinement; or, for folders, the folders that they lie in.
struct Job {
  /// The scores; with a network, the image that it scores.
  var subject: String
  var image: String?
  var groundTruth: String?
  var labels: String?
  var marginals: String?
  var overlay: String?
  var overlayBefore: String?

  /// What a network reads beside the image; empty without one.
  private let networkInputs: [String?]

  /// - Throws: `InputError` where nothing says where the scores come from.
  init(input: InputOptions, network: NetworkSettings?, output: OutputOptions) throws {
    subject = try Self.subject(input, network)
    networkInputs = network.map { [$0.weights, $0.proposals?.path] } ?? []
    image = input.image
    groundTruth = input.groundTruth
    labels = output.output
    marginals = output.marginals
    overlay = output.overlay
    overlayBefore = output.overlayBefore
  }

  private static func subject(
    _ input: InputOptions, _ network: NetworkSettings?
  ) throws -> String {
    guard network != nil else {
      guard let unary = input.unary else {
        throw InputError(
          .usage, at: "--unary", "is missing: there is nothing to refine",
          remedy: "give the scores with --unary FILE, or a network with --model NAME; see --help")
      }
      return unary
    }
    try OptionCheck.refuse(
      ["--unary": input.unary != nil],
      because: "gives scores, but --model names a network that gives them too",
      remedy: "leave one of them out")
    guard let image = input.image else {
      throw InputError(
        .usage, at: "--image", "is missing: a network needs a photograph to score",
        remedy: "add --image FILE")
    }
    return image
  }

  /// What is read and written.
  var plan: OutputPlan {
    OutputPlan(
      outputs: [labels, marginals, overlay, overlayBefore],
      inputs: [subject, image, groundTruth] + networkInputs,
      labels: labels, subject: subject)
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
    job.subject = entry.path
    // A network's subject is the image itself.
    job.image = networkInputs.isEmpty ? entry.companions["image"] : entry.path
    job.groundTruth = entry.companions["ground truth"]
    job.labels = labels.map { "\($0)/\(stem).png" }
    job.marginals = marginals.map { "\($0)/\(stem).npy" }
    job.overlay = overlay.map { "\($0)/\(stem).png" }
    job.overlayBefore = overlayBefore.map { "\($0)/\(stem).png" }
    return job
  }
}

extension FolderPlan {
  /// The files of the folders that the settings name.
  ///
  /// - Throws: `InputError` where a folder cannot be listed, or there is nothing to refine.
  init(_ settings: Settings) throws {
    let (files, isScored) = (settings.files, settings.network == nil)
    let option = isScored ? "--unary" : "--image"
    let truths = try files.groundTruth.map {
      try Companion("ground truth", in: $0, endings: Self.labelEndings, beside: option)
    }
    guard isScored else {
      try self.init(
        files.subject, endings: Self.pictureEndings, option: option,
        companions: [truths].compactMap { $0 })
      return
    }
    let images = try files.image.map { folder in
      // Arrays in the folder of the scores are scores.
      let arrays = FileSystem.isSame(folder, files.subject) ? [] : Self.arrayEndings
      return try Companion(
        "image", in: folder, endings: Self.pictureEndings, arrays, beside: option)
    }
    let isLabels = settings.unary.kind == .labels
    try self.init(
      files.subject, endings: isLabels ? Self.labelEndings : Self.arrayEndings, option: option,
      companions: [images, truths].compactMap { $0 },
      remedy: isLabels ? "check the folder" : "for label maps, add --unary-kind labels")
  }
}
