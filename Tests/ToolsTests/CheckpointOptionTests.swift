import DeepLabNet
import Foundation
import TestSupport
import Testing

/// What the programs say of checkpoints that hold more than one network's weights.
struct CheckpointOptionTests {
  private let workspace: Workspace
  private static let model = "deeplab-small-largefov"
  private static let classes = 3

  init() throws {
    workspace = try Workspace()
    try workspace.writeImage()
  }

  private func deeplab(_ arguments: String...) throws -> Command {
    try Command.run(arguments, of: "deeplab", in: workspace)
  }

  /// Writes weights of the network, behind a prefix for each seed, and other tensors.
  private func write(
    _ name: String, _ networks: [(prefix: String, seed: UInt64)],
    beside others: [Safetensors.Tensor] = []
  ) throws {
    let network = try NetworkCatalog.entry(named: Self.model).make(classes: Self.classes)
    var values: [String: (InitialParameters, String)] = [:]
    var tensors = others
    for (prefix, seed) in networks {
      let initial = InitialParameters(for: network, seed: seed)
      for parameter in network.parameters {
        values[prefix + parameter.name] = (initial, parameter.name)
        tensors.append(.init(prefix + parameter.name, shape: parameter.specification.shape))
      }
    }
    try Safetensors.write(tensors, to: workspace.file(name)) { tensor in
      guard let (initial, name) = values[tensor.name] else {
        return ParameterValues(
          shape: tensor.shape,
          values: [Float](repeating: 1, count: tensor.shape.reduce(1, *)))
      }
      return try initial.values(of: name)
    }
  }

  private func segment(_ weights: String, _ scores: String, _ options: String...) throws -> Command
  {
    try Command.run(
      [
        "segment", "--model", Self.model, "--weights", weights, "--image", "image.png", "--scores",
        scores,
      ] + options, of: "deeplab", in: workspace)
  }

  @Test("segment names what it leaves out, and gives the same scores")
  func additions() throws {
    try write("plain.safetensors", [("", 1)])
    #expect(try segment("plain.safetensors", "plain.npy").errors.isEmpty)
    try write(
      "more.safetensors", [("model.", 1)],
      beside: [.init("criterion.weight", shape: [3]), .init("n_averaged", shape: [1])])
    let run = try segment("more.safetensors", "more.npy")
    #expect(run.status == 0)
    #expect(
      run.errors
        == "deeplab: warning: more.safetensors: the tensor 'criterion.weight' belongs to no "
        + "part of the network, which does not use it\n")
    #expect(
      run.output.contains(
        "weights  more.safetensors: names as in the network's own names, behind model.\n"
          + "         left out: criterion.weight, n_averaged\n"), "\(run.output)")
    #expect(workspace.bytes("more.npy") == workspace.bytes("plain.npy"))

    let json = try segment("more.safetensors", "again.npy", "--json")
    let report = try JSONDecoder().decode(AnyJSON.self, from: Data(json.output.utf8))
    #expect(
      report["parameters"]["network"]["left_out"].elements.map(\.string)
        == ["criterion.weight", "n_averaged"])
  }

  @Test("--prefix chooses between two networks, in segment and in crf-refine")
  func prefixes() throws {
    try write("teacher.safetensors", [("", 2)])
    #expect(try segment("teacher.safetensors", "teacher.npy").status == 0)
    try write("both.safetensors", [("student.", 1), ("teacher.", 2)])
    let refused = try segment("both.safetensors", "out.npy")
    #expect(refused.status == 65 && refused.errors.contains("--prefix student."))
    #expect(!workspace.exists("out.npy"))
    let chosen = try segment("both.safetensors", "out.npy", "--prefix", "teacher.")
    #expect(chosen.status == 0 && chosen.errors.isEmpty, "\(chosen.errors)")
    #expect(chosen.output.contains("names as in the network's own names, behind teacher.\n"))
    #expect(workspace.bytes("out.npy") == workspace.bytes("teacher.npy"))

    let refined = try workspace.run(
      "--model", Self.model, "--weights", "both.safetensors", "--prefix", "teacher", "--image",
      "image.png", "--output", "labels.png")
    #expect(refined.status == 0, "\(refined.errors)")
    let alone = try workspace.run(
      "--unary", "teacher.npy", "--image", "image.png", "--prefix", "teacher")
    #expect(alone.status == 64 && alone.errors.contains("--prefix: says how a network is used"))
    let inspected = try deeplab("inspect", "both.safetensors")
    #expect(inspected.output.contains("behind student., or behind teacher.\n"))
  }

  @Test("inspect and convert say which dictionary they read, and read the one that is named")
  func states() throws {
    func network(_ value: Float) -> PyTorchFile.Value {
      .dictionary([("conv.weight", .tensor([2, 1, 1, 1], of: value))])
    }
    let file = PyTorchFile(.dictionary([("model", network(1)), ("model_ema", network(2))]))
    try Data(file.bytes).write(to: URL(fileURLWithPath: workspace.file("both.pth")))
    let warning =
      "deeplab: warning: both.pth: holds the weights 'model', which are read, and also 'model_ema'; "
      + "choose others with --state model_ema\n"
    let inspected = try deeplab("inspect", "both.pth")
    #expect(inspected.errors == warning)
    #expect(inspected.output.contains("state    model; there is also model_ema\n"))
    #expect(try deeplab("convert", "both.pth", "first", "--quiet").errors == warning)
    let converted = try deeplab("convert", "both.pth", "second", "--state", "model_ema")
    #expect(converted.errors.isEmpty)
    #expect(converted.output.contains("both.pth: PyTorch checkpoint, model_ema\n"))
    for (name, value) in [("first", 1), ("second", 2)] as [(String, Float)] {
      let checkpoint = try CheckpointFile.open(workspace.file(name))
      #expect(try checkpoint.values(of: "conv.weight").values() == [value, value])
    }
  }
}
