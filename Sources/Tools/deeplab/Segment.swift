import ArgumentParser
import Formats
import LatticeSupport
import ToolSupport

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
    if FileSystem.isFolder(settings.files.image) {
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
    help: ArgumentHelp(
      "Refine the labels by a CRF with published parameters, which 'crf-refine --list-presets' "
        + "lists, or those of a file that crf-tune has written.",
      valueName: "preset"))
  var crf: String?

  @OptionGroup var steps: StepOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Threads to use. (default: OMP_NUM_THREADS, or one for each processor that may be used)",
      valueName: "n"))
  var threads: Int?

  @Flag(help: "Print one JSON object: the network, parameters, outputs, times.")
  var json = false
}
