import ArgumentParser
import DeepLabNet
import Evaluation
import LatticeSupport
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

  @OptionGroup var checkpoint: CheckpointOptions

  @Option(
    help: ArgumentHelp(
      "Note which network the weights are for, so that they suffice without --model.",
      valueName: "name"))
  var model: String?

  @Option(
    help: ArgumentHelp(
      "Note the names of the classes: \(ClassNames.knownNames), or a file with one name per line.",
      valueName: "list"))
  var classNames: String?

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
    let names = try classNames.map { try ClassNames.named($0) }
    let network = try model.map { try NetworkCatalog.entry(named: $0) }
    let checkpoint = try checkpoint.open(input)
    try check(names, network, against: checkpoint)
    let notes = ModelNotes(network: network?.name, classNames: names)
    try checkpoint.write(to: output, isHalf: isHalf, notes: notes)
    if !quiet { try report(checkpoint) }
  }

  /// - Throws: `InputError` where the weights are not the network's, or have another number of
  ///   classes.
  private func check(
    _ names: [String]?, _ network: CatalogEntry?, against checkpoint: CheckpointFile
  ) throws {
    guard let network else {
      guard names == nil else {
        throw InputError(
          .usage, at: "--class-names", "says what classes are called, but not of which network",
          remedy: "add --model NAME")
      }
      return
    }
    let classes = try network.classCount(in: checkpoint)
    let notes = ModelNotes(metadata: checkpoint.metadata)
    _ = try MappedCheckpoint(
      network.make(classes: classes, refinement: notes.refinement ?? LearnedRefinement()),
      in: checkpoint)
    if let names, names.count != classes {
      throw InputError(
        .usage, at: "--class-names",
        "names \(names.count) classes, but the weights tell \(classes) apart",
        remedy: "choose the names of the data that they were trained on")
    }
  }

  private func report(_ checkpoint: CheckpointFile) throws {
    let count = checkpoint.entries.map(\.count).reduce(0, +)
    var lines = [
      "read     \(FolderListing.name(of: input)): \(checkpoint.format.words)"
        + (checkpoint.state.map { ", \(visibleText($0))" } ?? "")
        + (checkpoint.prefix.isEmpty ? "" : ", behind \(visibleText(checkpoint.prefix))"),
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
    if StandardOutput.isNamed(by: output) {
      StandardError.write(text + "\n")
    } else {
      try StandardOutput.print(text)
    }
  }
}
