import DeepLabNet
import Foundation
import TestSupport
import Testing

/// The networks that `deeplab inspect` finds for a checkpoint.
struct InspectTests {
  private let workspace: Workspace

  init() throws { workspace = try Workspace() }

  private func inspect(_ arguments: String...) throws -> Command {
    try Command.run(["inspect"] + arguments, of: "deeplab", in: workspace)
  }

  @Test func everyNetworkThatFitsIsNamed() throws {
    let run = try inspect(NetworkWeights.file())
    #expect(run.output.contains("made for deeplab-v1-largefov\nclasses  grass, shed, sky, pole\n"))
    #expect(run.status == 0)
    for name in ["deeplab-v1-largefov", "deeplab-v2-vgg16-largefov"] {
      let line = try #require(run.output.split(separator: "\n").first { $0.contains(name + " ") })
      #expect(line.hasPrefix("fits "))
      #expect(line.contains("\(NetworkWeights.classes) classes"))
      #expect(line.hasSuffix("names as in the network's own names"))
    }
    #expect(!run.output.contains("close "))
  }

  @Test func whatIsMissingIsNamed() throws {
    // The convolutions of a network for classification before its fourth pool, by torchvision's
    // names.
    let network = try NetworkCatalog.entry(named: NetworkWeights.model).make()
    let values = InitialParameters(for: network)
    let layers = ["1_1": 0, "1_2": 2, "2_1": 5, "2_2": 7, "3_1": 10, "3_2": 12, "3_3": 14]
    let names = layers.flatMap { layer, place in
      ["weight", "bias"].map { ("features.\(place).\($0)", "conv\(layer).\($0)") }
    }
    let sources = Dictionary(uniqueKeysWithValues: names)
    let tensors = try sources.map { Safetensors.Tensor($0, shape: try values.values(of: $1).shape) }
    try Safetensors.write(
      tensors + [Safetensors.Tensor("step", shape: [1])], to: workspace.file("part.safetensors")
    ) {
      guard let source = sources[$0.name] else { return ParameterValues(shape: [1], values: [7]) }
      return try values.values(of: source)
    }

    let text = try inspect("part.safetensors")
    #expect(text.status == 0)
    #expect(text.output.contains(/close +deeplab-v1-largefov .*torchvision, classification/))
    #expect(text.output.contains(/18 of 32 missing, such as features\.17\.weight/))
    #expect(text.output.contains("1 left out: step"))

    let json = try inspect("part.safetensors", "--json")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(json.output.utf8))
    let networks = report["networks"].elements
    #expect(networks.count == 3)
    #expect(networks[0]["missing"].elements.count == 18)
    #expect(networks[0]["left_out"].elements.map(\.string) == ["step"])
  }

  @Test func aStrangersTensorsFitNothing() throws {
    try Safetensors.write(
      [Safetensors.Tensor("something", shape: [1])], to: workspace.file("other.safetensors")
    ) { _ in ParameterValues(shape: [1], values: [0]) }
    #expect(try inspect("other.safetensors").output.contains("network  none that is known here"))
  }
}
