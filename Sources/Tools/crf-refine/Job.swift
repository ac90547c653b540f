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

  /// Every output that is asked for.
  var outputs: [String] { [labels, marginals, overlay, overlayBefore].compactMap { $0 } }

  /// Every file that is read.
  var inputs: [String] { [unary, image, groundTruth].compactMap { $0 } }

  /// - Throws: `InputError` where options contradict each other, before anything is read.
  func check(isFolder: Bool, resumes: Bool, printsJSON: Bool) throws {
    guard !outputs.isEmpty || printsJSON || groundTruth != nil else {
      throw InputError(
        .usage, at: "--output", "is missing, and so is everything else that would show a result",
        remedy: "add --output labels.png, --marginals, --overlay, --ground-truth or --json")
    }
    if image == nil, let option = overlay ?? overlayBefore {
      throw InputError(
        .usage, at: option, "is to show labels over the image, but there is no image",
        remedy: "add --image FILE")
    }
    if resumes, !isFolder || outputs.isEmpty {
      throw InputError(
        .usage, at: "--resume",
        "skips files whose outputs exist, but "
          + (isFolder ? "there are no outputs" : "'\(unary)' is no folder"),
        remedy: "leave it out")
    }
    if printsJSON, let output = outputs.first(where: FileSystem.isStandardOutput) {
      throw InputError(
        .usage, at: output, "cannot be written to where --json prints",
        remedy: "give it a file of its own, or leave --json out")
    }
    if !isFolder { try checkFiles() }
  }

  private func checkFiles() throws {
    if let labels { _ = try LabelFile.writesArray(labels) }
    try OutputCheck.check(outputs, inputs: inputs)
  }
}
