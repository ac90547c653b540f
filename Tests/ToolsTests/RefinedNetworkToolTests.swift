import DeepLabNet
import TestSupport
import Testing

/// What the programs do with a network that was trained with a CRF and a domain transform.
struct RefinedNetworkToolTests {
  private let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    var refinement = LearnedRefinement()
    (refinement.crf.enabled, refinement.domainTransform.enabled) = (true, true)
    (refinement.crf.bilateralSigma, refinement.crf.colorSigma) = (5, 20)
    let network = try NetworkCatalog.entry(named: "deeplab-small").make(
      classes: 3, refinement: refinement)
    let parameters = InitialParameters(for: network, seed: 1)
    try Safetensors.write(
      network.parameters.map { Safetensors.Tensor($0.name, shape: $0.specification.shape) },
      to: workspace.file("net.safetensors"),
      metadata: ModelNotes(network: "deeplab-small", refinement: refinement).metadata
    ) { try parameters.values(of: $0.name) }
    try workspace.writeImage("photo.png")
  }

  private func run(_ arguments: String...) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace)
  }

  @Test("segmentation refines its scores, and says so")
  func segmentation() throws {
    let found = try run(
      "segment", "--weights", "net.safetensors", "--image", "photo.png", "--output", "labels.png")
    #expect(found.status == 0 && found.errors.isEmpty, "\(found.errors)")
    #expect(
      found.output.contains(
        "refined by a domain transform along learned edges, a CRF of 10 updates"))
    let inspected = try run("inspect", "net.safetensors")
    #expect(inspected.output.contains("refined  by a domain transform"))
  }

  @Test("what refines them stays with converted weights, and keeps them from ONNX")
  func conversion() throws {
    let converted = try run(
      "convert", "--model", "deeplab-small", "net.safetensors", "half.safetensors",
      "--float16")
    #expect(converted.status == 0 && converted.errors.isEmpty, "\(converted.errors)")
    let refused = try run(
      "export", "--model", "deeplab-small", "--weights", "half.safetensors", "--output",
      "net.onnx")
    #expect(refused.status == 64 && refused.errors.contains("ONNX has no operators for"))
  }
}
