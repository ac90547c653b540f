import ArgumentParser
import DeepLabNet
import Formats
import LatticeSupport
import ToolSupport
import Unaries

/// `deeplab export`: a network with its weights as an ONNX model.
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a network with its weights as an ONNX model.",
    discussion: """
      The model takes preprocessed images and gives the scores at the network's own stride; \
      docs/onnx.md shows both sides of it. What preprocessing it needs is among its metadata.
      """)

  @Option(help: ArgumentHelp("The network; 'deeplab models' lists them.", valueName: "name"))
  var model: String

  @OptionGroup(title: "Weights") var weights: ExportWeights

  @Option(help: ArgumentHelp("The .onnx file to be written.", valueName: "file"))
  var output: String

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Pixels between scores. (default: the paper's)", valueName: "pixels"))
  var outputStride: Int?

  @Option(
    help: ArgumentHelp(
      "WxH, the only size of image that the model takes; or 'dynamic', for every size.",
      valueName: "size"))
  var size = ExportSize.dynamic

  @Option(
    help: ArgumentHelp(
      "A photograph. It is written preprocessed, and what the network makes of it, as .npy files "
        + "beside the model: to compare a runtime's results with.", valueName: "file"))
  var example: String?

  @Flag(help: "Replace the outputs if they exist.")
  var overwrite = false

  @Flag(help: "Print nothing but errors.")
  var quiet = false

  func run() throws {
    let entry = try NetworkCatalog.entry(named: model)
    let stride = try outputStride.map { try OutputStride($0) }
    let inputSize = try size.inputSize(of: entry)
    // Before the weights, which take longer.
    let image = try example.map { path in
      try exampleInput(PictureReading().photograph(path).image.inBytes, at: path, for: entry)
    }
    let (network, parameters) = try weights.read(for: entry, outputStride: stride)
    let files = ONNXExport.exampleFiles(of: network, beside: output)
    let outputs = [output] + (example == nil ? [] : [files.input] + files.outputs)
    let plan = OutputPlan(
      outputs: outputs, inputs: [weights.file, example], labels: nil, subject: model)
    try OutputCheck.check(plan.outputs, inputs: plan.inputs, overwrites: overwrite)
    try ONNXExport.write(
      network, parameters: parameters, to: output, size: inputSize, notes: entry.exportNotes)
    if let image {
      try ONNXExport.writeExample(
        of: network, parameters: parameters, input: image, beside: output)
    }
    guard !quiet else { return }
    let count = network.parameters.map(\.specification.count).reduce(0, +)
    try plan.print(
      "wrote    \(outputs.joined(separator: ", "))\n"
        + "         \(network.nodes.count) layers, \(count) values, input \(inputSize.words)")
  }

  /// The photograph as the network sees it, padded to a size that it takes.
  private func exampleInput(
    _ image: Image, at path: String, for entry: CatalogEntry
  ) throws -> Tensor {
    let input = try entry.preprocessing.tensor(for: image)
    let (height, width) = (
      entry.sizes.fitting(input.shape.height), entry.sizes.fitting(input.shape.width)
    )
    if case .fixed(let only) = size, (only.height, only.width) != (height, width) {
      throw InputError(
        .data, at: path, "becomes an input of \(width)x\(height), but the model takes others",
        remedy: "give a photograph of --size, or leave --size out")
    }
    return input.padded(height: height, width: width)
  }
}

/// `--size` of an exported model.
enum ExportSize: ExpressibleByArgument {
  case dynamic
  case fixed(PixelSize)

  init?(argument: String) {
    if argument == "dynamic" {
      self = .dynamic
    } else if let size = PixelSize(argument: argument) {
      self = .fixed(size)
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "dynamic" }

  /// - Throws: `InputError` where the network does not take the size.
  func inputSize(of entry: CatalogEntry) throws -> ONNXExport.InputSize {
    guard case .fixed(let size) = self else {
      let length = entry.sizes.fitting(Segmenter.defaultSize)
      return .dynamic(exampleHeight: length, exampleWidth: length)
    }
    let (width, height) = (entry.sizes.fitting(size.width), entry.sizes.fitting(size.height))
    guard (width, height) == (size.width, size.height) else {
      throw InputError(
        .usage, at: "--size",
        "is \(size.width)x\(size.height), which \(entry.name) does not take",
        remedy: "the next larger one is \(width)x\(height); pad images to it")
    }
    return .fixed(height: height, width: width)
  }
}

extension PixelSize {
  /// What a network of any size is tried with: the papers' crops.
  static let usual = PixelSize(width: Segmenter.defaultSize, height: Segmenter.defaultSize)
}

extension ONNXExport.InputSize {
  /// For people.
  var words: String {
    switch self {
    case .fixed(let height, let width): "1×3×\(height)×\(width)"
    case .dynamic: "of any size"
    }
  }
}

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
    if let refinement = ModelNotes(metadata: checkpoint.metadata).refinement {
      throw InputError(
        .usage, at: checkpoint.place,
        "was trained with \(refinement.summary), which ONNX has no operators for",
        remedy: "train the network without it, or use it where it is")
    }
    let network = try entry.make(
      classes: classes ?? entry.classCount(in: checkpoint), outputStride: outputStride)
    return (network, try MappedCheckpoint(network, in: checkpoint))
  }
}
