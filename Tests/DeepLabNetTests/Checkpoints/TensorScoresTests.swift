import DeepLabNet
import Formats
import LatticeSupport
import TestSupport
import Testing
import Unaries

/// Scores in files of tensors.
struct TensorScoresTests {
  private let folder: TemporaryFolder

  init() throws {
    TensorScores.register()
    folder = try TemporaryFolder()
  }

  private static let values: [Float] = (0..<12).map { Float($0) / 4 }
  private static let tensor = PyTorchFile.Value.tensor(shape: [2, 3, 2], values: values)

  private func write(_ root: PyTorchFile.Value) throws -> String {
    try folder.write(PyTorchFile(root).bytes, as: "scores.pt")
  }

  @Test func aTensorByItselfIsTheScores() throws {
    let array = try ArrayFile.read(write(Self.tensor))
    #expect(array.shape == [2, 3, 2] && array.values == Self.values)
  }

  @Test func aDictionaryOfOneTensorIsToo() throws {
    let path = try write(.dictionary([("epoch", .integer(3)), ("out", Self.tensor)]))
    #expect(try ArrayFile.read(path).values == Self.values)
    #expect(try ArrayFile.boxes(path).shape == [2, 3, 2])
  }

  @Test func ofSeveralOneMustBeNamed() throws {
    let path = try write(
      .dictionary([("out", Self.tensor), ("aux", .tensor([2, 3, 2], of: 1))]))
    let error = #expect(throws: InputError.self) { try ArrayFile.read(path) }
    #expect(error.map { "\($0)".contains("'out'") && "\($0)".contains("'aux'") } == true)
    #expect(try ArrayFile.read(path, member: "out").values == Self.values)
    #expect(throws: InputError.self) { try ArrayFile.read(path, member: "logits") }
  }

  @Test func safetensorsAreRead() throws {
    let path = folder.file("scores.safetensors")
    try Safetensors.write([Safetensors.Tensor("logits", shape: [2, 3, 2])], to: path) { _ in
      ParameterValues(shape: [2, 3, 2], values: Self.values)
    }
    #expect(try ArrayFile.read(path).values == Self.values)
  }

  /// What is no tensor stays with whoever reads it otherwise.
  @Test func archivesOfArraysAreReadAsEver() throws {
    let array = try NumericArray(shape: [2, 3, 2], values: Self.values)
    try NPY.write(array, to: folder.file("a.npy"))
    #expect(try ArrayFile.read(folder.file("a.npy")) == array)
    let path = try folder.write(Array("no array".utf8), as: "b.npy")
    #expect(throws: InputError.self) { try ArrayFile.read(path) }
  }
}
