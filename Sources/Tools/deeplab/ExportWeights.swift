import ArgumentParser
import DeepLabNet
import LatticeSupport
import ToolSupport

/// Where an exported model's weights come from.
struct ExportWeights: ParsableArguments {
  @Option(
    name: .customLong("weights"),
    help: ArgumentHelp(
      "The weights: .safetensors, .pth, .npz or .caffemodel, whatever the file's name.",
      valueName: "file"))
  var file: String?

  @OptionGroup var checkpoint: CheckpointOptions

  @Flag(
    name: .customLong("random"),
    help: "Draw weights at random, as a training begins: to try a runtime before there are any.")
  var isRandom = false

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Classes that the network tells apart. (default: those of the weights; "
        + "\(CatalogEntry.defaultClasses) with --random)", valueName: "n"))
  var classes: Int?

  func validate() throws {
    guard (file != nil) != isRandom else {
      throw ValidationError("Give either --weights FILE or --random.")
    }
  }

  /// The network and its weights.
  ///
  /// - Throws: `InputError` where the weights cannot be read, or are those of another network.
  func read(
    for entry: CatalogEntry, outputStride: OutputStride?
  ) throws -> (network: Network, parameters: any ParameterSource) {
    guard let file else {
      let network = try entry.make(
        classes: classes ?? CatalogEntry.defaultClasses, outputStride: outputStride)
      return (network, InitialParameters(for: network))
    }
    let checkpoint = try checkpoint.open(file)
    let network = try entry.make(
      classes: classes ?? entry.classCount(in: checkpoint), outputStride: outputStride)
    return (network, try MappedCheckpoint(network, in: checkpoint))
  }
}
