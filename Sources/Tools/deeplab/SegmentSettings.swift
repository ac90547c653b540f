import DeepLabNet
import Evaluation
import Formats
import LatticeSupport
import MeanField
import Pipeline
import ToolSupport
import Unaries

/// The options of a segmentation, checked and turned into the library's values.
struct SegmentSettings {
  /// The files or folders that are named.
  let files: SegmentJob
  let network: NetworkSettings
  let picture: PictureReading
  /// `nil` where labels are the network's own.
  let plan: PlanSettings?
  let parallelism: Parallelism
  let palette: Palette
  let resumes: Bool
  /// The share of a folder's photographs that is labelled; `nil` for all.
  let shard: Shard?
  let printsJSON: Bool
  let isQuiet: Bool

  /// - Throws: `InputError` naming the option that cannot be followed.
  init(network options: NetworkOptions, files: SegmentOptions, run: RunOptions) throws {
    var network = try NetworkSettings(options)
    try files.tiling.apply(to: &network)
    self.network = network
    picture = try PictureReading(files.orientation, files.imageRange)
    parallelism = try files.threads.parallelism()
    let parallelism = parallelism
    plan = try PlanSettings(crf: files.crf, files.steps, parallelism: parallelism)
    palette = try Palette(option: run.palette)
    resumes = run.resume
    shard = try run.shard.value(
      isFolder: files.image.map { FolderListing.isFolder($0) } ?? true)
    printsJSON = files.json
    isQuiet = run.quiet
    self.files = try SegmentJob(files, network)
    try self.files.check(resumes: resumes, printsJSON: printsJSON)
  }
}

/// The files of one segmentation; or, for folders, the folders that they lie in.
struct SegmentJob {
  var image: String
  var labels: String?
  var scores: String?
  var overlay: String?
  private let network: NetworkSettings

  /// - Throws: `InputError` where there is no image.
  init(_ options: SegmentOptions, _ network: NetworkSettings) throws {
    guard let image = options.image else {
      throw InputError(
        .usage, at: "--image", "is missing: there is nothing to label",
        remedy: "give a photograph with --image FILE")
    }
    self.image = image
    self.network = network
    labels = options.labels
    scores = options.scores
    overlay = options.overlay
  }

  /// What is read and written.
  var plan: OutputPlan {
    OutputPlan(
      outputs: [labels, scores, overlay],
      inputs: [image, network.weights, network.proposals?.source.path], labels: labels,
      subject: image)
  }

  /// - Throws: `InputError` where options contradict each other, before anything is read.
  func check(resumes: Bool, printsJSON: Bool) throws {
    guard !plan.outputs.isEmpty || printsJSON else {
      throw InputError(
        .usage, at: "--output", "is missing, and so is everything else that would show a result",
        remedy: "add --output labels.png, --scores, --overlay or --json")
    }
    try plan.check(resumes: resumes, printsJSON: printsJSON)
  }

  /// The job of one file, where this one names folders.
  func inside(_ entry: FolderMatch.Entry) -> SegmentJob {
    var job = self
    job.image = entry.path
    job.labels = labels.map { "\($0)/\(entry.stem).png" }
    job.scores = scores.map { "\($0)/\(entry.stem).npy" }
    job.overlay = overlay.map { "\($0)/\(entry.stem).png" }
    return job
  }
}
