import DeepLabNet
import Foundation
import Unaries

/// A network with weights drawn at random, written once for all tests that run it.
enum NetworkWeights {
  static let model = "deeplab-v1-largefov"
  static let classes = 4

  private static let path =
    FileManager.default.temporaryDirectory.path + "/\(UUID().uuidString).safetensors"

  private static let written = Result {
    // Nothing else ends with the last test.
    atexit { try? FileManager.default.removeItem(atPath: NetworkWeights.path) }
    let network = try NetworkCatalog.entry(named: model).make(classes: classes)
    let parameters = InitialParameters(for: network, seed: 1)
    let tensors = network.parameters.map {
      Safetensors.Tensor($0.name, shape: $0.specification.shape)
    }
    let notes = ModelNotes(network: model, classNames: ["grass", "shed", "sky", "pole"])
    try Safetensors.write(tensors, to: path, metadata: notes.metadata) {
      try parameters.values(of: $0.name)
    }
    return path
  }

  /// The path of the file.
  static func file() throws -> String { try written.get() }

  /// The options that name the network and its weights.
  static func options() throws -> [String] { try ["--model", model, "--weights", file()] }
}
