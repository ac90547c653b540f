import ArgumentParser
import Evaluation
import Formats
import Foundation
import LatticeSupport
import ToolSupport
import Unaries

/// `deeplab segment`: labels of photographs.
struct Segment: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Label photographs with a network.",
    discussion: """
      Scores every pixel of a photograph and writes the likeliest labels; --crf refines them first. \
      With folders for --image and the outputs, every photograph of the folder is labelled. \
      Weights are yours to bring: docs/networks.md says where they come from.
      """)

  @OptionGroup(title: "Network") var network: NetworkOptions
  @OptionGroup(title: "Files") var files: SegmentOptions
  @OptionGroup(title: "Run") var runOptions: RunOptions

  func run() throws {
    if let help = try files.steps.help() { return try StandardOutput.print(help) }
    let settings = try SegmentSettings(network: network, files: files, run: runOptions)
    if FolderListing.isFolder(settings.files.image) {
      try FolderSegmentation(settings).run()
    } else {
      try settings.segmentOne()
    }
  }
}

/// What is segmented, how, and where results go.
struct SegmentOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The photograph, PNG or JPEG; or a folder of them.", valueName: "file"))
  var image: String?

  @Option(
    name: [.customLong("output"), .customLong("labels")],
    help: ArgumentHelp(
      "The labels: .png (palette indices; 16-bit gray above label 255) or .npy.", valueName: "file")
  )
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "The scores before the softmax and before --crf, at the photograph's size: (classes,H,W) "
        + "float32 .npy, for crf-refine.", valueName: "file"))
  var scores: String?

  @Option(
    help: ArgumentHelp("A picture of the labels over the photograph, .png.", valueName: "file"))
  var overlay: String?

  @OptionGroup var orientation: OrientationOptions
  @OptionGroup var imageRange: ImageRangeOptions
  @OptionGroup var tiling: TilingOptions

  @Option(
    name: [.customLong("crf"), .customLong("plan")],
    help: ArgumentHelp(
      "Refine the labels by a CRF with published parameters, which 'crf-refine --list-presets' "
        + "lists, or by the model or plan of a file, as crf-tune writes it.",
      valueName: "preset"))
  var crf: String?

  @OptionGroup var steps: StepOptions

  @OptionGroup var threads: ThreadOptions

  @Flag(help: "Print one JSON object: the network, parameters, outputs, times.")
  var json = false
}

extension SegmentSettings {
  /// Segments the one photograph that is named.
  func segmentOne() throws {
    // Before the weights, which take longer.
    let image = try picture.photograph(files.image)
    let network = try network.load(parallelism: parallelism)
    let outcome = try ImageSegmentation(settings: self, network: network).run(files, image)
    let report = SegmentReport(self, network)
    if printsJSON {
      try StandardOutput.print(json: report.single(outcome))
    } else if !isQuiet {
      try files.plan.print(report.text(of: outcome))
    }
  }
}

/// The segmentation of every photograph in a folder.
struct FolderSegmentation {
  private let settings: SegmentSettings

  init(_ settings: SegmentSettings) { self.settings = settings }

  func run() throws {
    let files = settings.files
    let plan = try FolderMatch(
      files.image, endings: ImageFile.photographEndings, called: "--image")
    plan.passed.warnOfPictures()
    let network = try settings.network.load(parallelism: settings.parallelism)
    try FolderRun.prepare(outputs: files.plan.outputs, inputs: files.plan.inputs)
    let segmentation = ImageSegmentation(settings: settings, network: network)
    var run = FolderRun(
      of: "deeplab", resumes: settings.resumes, isQuiet: settings.isQuiet, shard: settings.shard)
    var outcomes: [ImageSegmentation.Outcome] = []
    try run.run(plan) {
      files.inside($0).plan.outputs
    } _: { entry in
      let outcome = try segmentation.run(
        files.inside(entry), settings.picture.photograph(entry.path))
      outcomes.append(outcome)
      return String(format: "%.2f s", outcome.stopwatch.total / 1000)
    }
    let report = SegmentReport(settings, network)
    if settings.printsJSON {
      try StandardOutput.print(json: report.folder(outcomes, run))
    } else if !settings.isQuiet {
      try StandardOutput.print(report.text(of: outcomes, run))
    }
    run.exitOnFailure()
  }
}
