import ArgumentParser
import DeepLabNet

/// Which network looks at an image, and how.
package struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The network; 'deeplab models' lists them. (default: the one that the weights "
        + "name)",
      valueName: "name"))
  package var model: String?

  @Option(
    help: ArgumentHelp(
      "Its weights: .safetensors, .pth, .npz or .caffemodel, whatever the file's name. (default: a "
        + "small model that comes with the program, for streets seen from a car)",
      valueName: "file"))
  package var weights: String?

  @OptionGroup package var checkpoint: CheckpointOptions

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Classes that the network tells apart. (default: those of the weights)", valueName: "n"))
  package var classes: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pixels between scores. (default: the paper's)", valueName: "pixels"))
  package var outputStride: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Factors by which the image is resized, such as 1,0.75,0.5; scores are fused by their "
        + "maximum. (default: 1)", valueName: "factors"))
  package var scales: String?

  @Flag(help: "Also show the network every view mirrored, and average.")
  package var flip = false

  @Option(help: "How the network convolves where a layer allows it. (default: auto)")
  package var convolution: ConvolutionChoice?

  @Option(
    help: ArgumentHelp(
      "Show the network object proposals, as DeconvNet wants, instead of the whole image: 'edges' finds "
        + "boxes by the image's gradients, 'grid' lays squares over it; or a file of lines "
        + "x0,y0,x1,y1[,score], for a folder of images a folder of such files.",
      valueName: "source"))
  package var proposals: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Proposals that are looked at, best first. (default: 50)", valueName: "n"))
  package var proposalLimit: Int?

  @Option(help: "How the scores of proposals become those of the image. (default: maximum)")
  package var aggregation: ProposalOptions.Aggregation?

  package init() {}

  /// The options that say nothing without a network, and whether they are given.
  package var details: KeyValuePairs<String, Bool> {
    [
      "--state": checkpoint.state != nil, "--prefix": checkpoint.prefix != nil,
      "--classes": classes != nil, "--output-stride": outputStride != nil,
      "--scales": scales != nil, "--flip": flip,
      "--convolution": convolution != nil, "--proposals": proposals != nil,
      "--proposal-limit": proposalLimit != nil, "--aggregation": aggregation != nil,
    ]
  }
}

extension ProposalOptions.Aggregation: ExpressibleByArgument {}

/// `--convolution`: one algorithm for all layers that it applies to, or each layer's fastest.
package enum ConvolutionChoice: String, ExpressibleByArgument, CaseIterable {
  case auto, direct, winograd, phases

  /// The algorithm to force; `nil` for each layer's fastest.
  package var algorithm: ConvolutionAlgorithm? { ConvolutionAlgorithm(rawValue: rawValue) }
}

/// Which tensors of a checkpoint are meant, where it holds several networks.
package struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The dictionary of the checkpoint to read, such as model_ema. (default: state_dict, model or "
        + "the like)", valueName: "key"))
  package var state: String?

  @Option(
    help: ArgumentHelp(
      "Read only the tensors whose names begin so, such as 'teacher.'. (default: what the network's "
        + "names stand behind)", valueName: "text"))
  package var prefix: String?

  package init() {}

  /// The checkpoint in the file at `path`.
  ///
  /// - Throws: `InputError` where it cannot be read.
  package func open(_ path: String) throws -> CheckpointFile {
    try CheckpointFile.open(path, state: state, prefix: prefix)
  }
}
