import ArgumentParser
import DeepLabNet
import Support
import ToolSupport
import Unaries

/// `deeplab convert`: any checkpoint as safetensors.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert a checkpoint to safetensors.",
    discussion: """
      Reads .safetensors, .pth, .npz and .caffemodel files, whatever their name, and never runs \
      what is in them. Whole numbers, such as counters of batches, become float32.
      """)

  @Argument(help: ArgumentHelp("The checkpoint.", valueName: "in"))
  var input: String

  @Argument(help: ArgumentHelp("The .safetensors file to be written.", valueName: "out"))
  var output: String

  @Flag(
    name: .customLong("float16"),
    help: "Store half precision, rounded to the nearest; whole numbers stay float32.")
  var isHalf = false

  @Flag(help: "Replace the output if it exists.")
  var overwrite = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func run() throws {
    try OutputCheck.check([output], inputs: [input], overwrites: overwrite)
    let checkpoint = try CheckpointFile.open(input)
    let tensors = checkpoint.entries.map {
      // Counters soon exceed what half precision holds.
      Safetensors.Tensor(
        $0.name, shape: $0.shape, type: isHalf && !$0.isInteger ? .float16 : .float32)
    }
    do {
      try Safetensors.write(tensors, to: output, metadata: checkpoint.metadata) {
        try checkpoint.values(of: $0.name)
      }
    } catch let error as InputError {
      throw error.at(output)
    }
    if !quiet { try report(checkpoint) }
  }

  private func report(_ checkpoint: CheckpointFile) throws {
    let count = checkpoint.entries.map(\.count).reduce(0, +)
    var lines = [
      "read     \(FileSystem.name(of: input)): \(checkpoint.format.words)",
      "wrote    \(output): \(checkpoint.entries.count) tensors, \(count) values, "
        + (isHalf ? "float16" : "float32"),
    ]
    let integers = checkpoint.entries.filter(\.isInteger)
    if let first = integers.first {
      lines.append(
        "integers \(integers.count) tensors of whole numbers became float32, such as "
          + "\(quoted(first.name)) (\(first.storedType))")
    }
    let text = lines.joined(separator: "\n")
    if FileSystem.isStandardOutput(output) {
      StandardError.write(text + "\n")
    } else {
      try StandardOutput.print(text)
    }
  }
}
