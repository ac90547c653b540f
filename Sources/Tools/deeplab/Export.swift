import ArgumentParser
import DeepLabNet
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
      try exampleInput(PictureSettings().photograph(path).image.inBytes, at: path, for: entry)
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
