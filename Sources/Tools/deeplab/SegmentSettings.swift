import DeepLabNet
import MeanField
import Support
import ToolSupport
import Unaries

/// The options of a segmentation, checked and turned into the library's values.
struct SegmentSettings {
  /// The files or folders that are named.
  let files: SegmentJob
  let network: NetworkSettings
  /// `nil` where labels are the network's own.
  let crf: CRFSettings?
  let parallelism: Parallelism
  let palette: Palette
  let resumes: Bool
  let printsJSON: Bool
  let isQuiet: Bool

  /// As wide as the blurred rim of a 513² crop's scores.
  static let defaultOverlap = 128

  /// - Throws: `InputError` naming the option that cannot be followed.
  init(network options: NetworkOptions, files: SegmentOptions, run: RunOptions) throws {
    guard var network = try NetworkSettings(options) else {
      throw InputError(
        .usage, at: "--model", "is missing: a network is needed to label images",
        remedy: "'deeplab models' lists them")
    }
    network.views.tiles = try Self.tiles(files)
    self.network = network
    parallelism = try Parallelism(option: files.threads)
    let parallelism = parallelism
    crf = try files.crf.map { name in
      do {
        return CRFSettings(try Preset(option: name), parallelism: parallelism)
      } catch let error as InputError {
        throw error.at("--crf")
      }
    }
    palette = try Palette(option: run.palette)
    resumes = run.resume
    printsJSON = files.json
    isQuiet = run.quiet
    self.files = try SegmentJob(files, weights: network.weights)
    try self.files.check(resumes: resumes, printsJSON: printsJSON)
  }

  private static func tiles(_ options: SegmentOptions) throws -> Tiling? {
    guard let size = options.tile else {
      try OptionCheck.refuse(
        ["--overlap": options.overlap != nil],
        because: "says how far tiles overlap, but there are none",
        remedy: "add --tile SIZE, or leave it out")
      return nil
    }
    do {
      return try Tiling(size: size, overlap: options.overlap ?? min(defaultOverlap, size / 2))
    } catch let error as InputError {
      throw error.at("--tile")
    }
  }
}

/// The files of one segmentation; or, for folders, the folders that they lie in.
struct SegmentJob {
  var image: String
  var labels: String?
  var scores: String?
  var overlay: String?
  private let weights: String

  /// - Throws: `InputError` where there is no image.
  init(_ options: SegmentOptions, weights: String) throws {
    guard let image = options.image else {
      throw InputError(
        .usage, at: "--image", "is missing: there is nothing to label",
        remedy: "give a photograph with --image FILE")
    }
    self.image = image
    self.weights = weights
    labels = options.labels
    scores = options.scores
    overlay = options.overlay
  }

  /// What is read and written.
  var plan: OutputPlan {
    OutputPlan(
      outputs: [labels, scores, overlay], inputs: [image, weights], labels: labels, subject: image)
  }

  /// - Throws: `InputError` where options contradict each other, before anything is read.
  func check(resumes: Bool, printsJSON: Bool) throws {
    guard !plan.outputs.isEmpty || printsJSON else {
      throw InputError(
        .usage, at: "--labels", "is missing, and so is everything else that would show a result",
        remedy: "add --labels labels.png, --scores, --overlay or --json")
    }
    try plan.check(resumes: resumes, printsJSON: printsJSON)
  }

  /// The job of one file, where this one names folders.
  func inside(_ entry: FolderPlan.Entry) -> SegmentJob {
    var job = self
    job.image = entry.path
    job.labels = labels.map { "\($0)/\(entry.stem).png" }
    job.scores = scores.map { "\($0)/\(entry.stem).npy" }
    job.overlay = overlay.map { "\($0)/\(entry.stem).png" }
    return job
  }
}
