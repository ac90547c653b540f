import ArgumentParser
import DeepLabNet
import LatticeSupport
import ToolSupport

/// `deeplab inspect`: what is in a checkpoint, and what it is for.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the tensors of a checkpoint, and the networks that they fit.",
    discussion: """
      Reads .safetensors, .pth, .npz and .caffemodel files, whatever their name, and never runs \
      what is in them.
      """)

  @Argument(help: ArgumentHelp("The checkpoint.", valueName: "file"))
  var file: String

  @OptionGroup var checkpoint: CheckpointOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let contents = CheckpointContents(try checkpoint.open(file))
    if json {
      try StandardOutput.print(json: contents)
    } else {
      try StandardOutput.print(contents.lines.joined(separator: "\n"))
    }
  }
}
