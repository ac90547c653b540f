import DeepLabNet
import LatticeSupport
import TestSupport
import Testing

/// Which of the tensors in a file are read.
struct CheckpointChoiceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(
    _ root: PyTorchFile.Value, state: String? = nil, prefix: String? = nil
  ) throws -> CheckpointFile {
    try CheckpointFile.open(
      folder.write(PyTorchFile(root).bytes, as: "w.pth"), state: state, prefix: prefix)
  }

  private static func network(_ value: Float, prefix: String = "") -> [(
    name: String, value: PyTorchFile.Value
  )] {
    [
      (prefix + "conv.weight", .tensor([2, 1, 1, 1], of: value)),
      (prefix + "conv.bias", .tensor([2], of: value)),
    ]
  }

  private static let both = PyTorchFile.Value.dictionary([
    ("epoch", .integer(3)), ("model", .dictionary(network(1))),
    (
      "model_ema",
      .dictionary([("n_averaged", .tensor([], of: 7))] + network(2, prefix: "module."))
    ),
    (
      "optimizer",
      .dictionary([("conv.weight", .dictionary([("exp_avg", .tensor([2], of: 5))]))])
    ),
  ])

  @Test("of several dictionaries with weights one is read, and the others are named")
  func severalDictionaries() throws {
    let file = try open(Self.both)
    #expect(file.state == "model" && file.otherStates == ["model_ema"])
    #expect(try file.values(of: "conv.bias").values() == [1, 1])
  }

  @Test("a state chooses another, also one in another")
  func states() throws {
    let chosen = try open(Self.both, state: "model_ema")
    #expect(chosen.state == "model_ema" && chosen.otherStates.isEmpty)
    #expect(chosen.entries.map(\.name) == ["n_averaged", "module.conv.weight", "module.conv.bias"])
    #expect(try chosen.values(of: "module.conv.bias").values() == [2, 2])

    let nested = PyTorchFile.Value.dictionary([
      ("net", .dictionary(Self.network(1))),
      ("ema", .dictionary([("v2.1", .dictionary([("state_dict", .dictionary(Self.network(4)))]))])),
    ])
    for state in ["ema", "ema.v2.1", "ema.v2.1.state_dict"] {
      let file = try open(nested, state: state)
      #expect(file.state == "ema.v2.1.state_dict")
      #expect(try file.values(of: "conv.bias").values() == [4, 4])
    }
  }

  @Test("what an optimiser keeps is not taken for weights")
  func optimizers() throws {
    let moments = PyTorchFile.Value.dictionary([
      ("conv.weight", .dictionary([("exp_avg", .tensor([2], of: 5))]))
    ])
    let file = try open(
      .dictionary([
        ("optimizer", .dictionary([("state", moments)])), ("module", .dictionary(Self.network(1))),
      ]))
    #expect(file.state == "module" && file.otherStates.isEmpty)
    #expect(try file.values(of: "conv.bias").values() == [1, 1])
  }

  @Test("where nothing says which is meant, the error says how to choose")
  func undecided() throws {
    let pair = PyTorchFile.Value.dictionary([
      ("student", .dictionary(Self.network(1))), ("teacher", .dictionary(Self.network(2))),
    ])
    let text = errorText { _ = try open(pair) }
    #expect(
      text.hasSuffix(
        "w.pth: holds several dictionaries with tensors: 'student', 'teacher'; choose one of them, "
          + "as in the dictionary 'student'"))
    #expect(try open(pair, state: "teacher").values(of: "conv.bias").values() == [2, 2])
    let absent = errorText { _ = try open(pair, state: "techer") }
    #expect(absent.contains("has no dictionary 'techer'"))
    #expect(absent.hasSuffix("choose one of 'student', 'teacher' with the name of a dictionary"))
    let flat = errorText { _ = try open(.dictionary(Self.network(1)), state: "model") }
    #expect(flat.contains("leave the name of a dictionary out"))
  }

  @Test("numbers beside dictionaries of weights do not make one of them all")
  func numbersBeside() throws {
    let file = try open(
      .dictionary([
        ("epoch", .tensor([], of: 3)), ("best", .tensor([1], of: 0.7)),
        ("state_dict", .dictionary(Self.network(1))), ("ema", .dictionary(Self.network(2))),
      ]))
    #expect(file.state == "state_dict" && file.otherStates == ["ema"])
    #expect(file.entries.map(\.name) == ["conv.weight", "conv.bias"])
  }

  @Test("a prefix chooses tensors by their names, with and without its dot")
  func prefixes() throws {
    let pair = PyTorchFile.Value.dictionary(
      Self.network(1, prefix: "student.") + Self.network(2, prefix: "teacher."))
    for prefix in ["teacher", "teacher."] {
      let file = try open(pair, prefix: prefix)
      #expect(file.prefix == "teacher.")
      #expect(file.entries.map(\.name) == ["conv.weight", "conv.bias"])
      #expect(try file.values(of: "conv.bias").values() == [2, 2])
    }
    let text = errorText { _ = try open(pair, prefix: "teach") }
    #expect(text.contains("has no tensor whose name begins with 'teach.'"))
    #expect(text.hasSuffix("names begin with 'student.', 'teacher.'"))
  }

  @Test("a dictionary can be chosen only where there are dictionaries")
  func otherFormats() throws {
    let path = folder.file("w.safetensors")
    try Safetensors.write([.init("conv.bias", shape: [1])], to: path) { _ in
      ParameterValues(shape: [1], values: [1])
    }
    let text = errorText { _ = try CheckpointFile.open(path, state: "model") }
    #expect(text.hasPrefix("\(path): has another format than PyTorch's (safetensors)"))
    #expect(text.contains("and so no dictionary 'model'"))
  }

  @Test(
    "what was put in place of a file is called what it is, whatever the name",
    arguments: ["w.pth", "w.safetensors", "w.npz", "w.caffemodel", "w"])
  func placeholders(_ name: String) throws {
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 168000000\n"
    let text = errorText {
      _ = try CheckpointFile.open(folder.write(Array(pointer.utf8), as: name))
    }
    #expect(text.contains("\(name): is a Git LFS pointer"), "\(text)")
    let page = "\n<!DOCTYPE html><html><title>Virus scan warning</title>"
    let other = errorText { _ = try CheckpointFile.open(folder.write(Array(page.utf8), as: name)) }
    #expect(other.contains("\(name): is a web page"), "\(other)")
  }
}
