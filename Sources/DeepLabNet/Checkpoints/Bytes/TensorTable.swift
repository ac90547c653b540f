import LatticeSupport
import Unaries

/// Tensors by name in the bytes of one file: what a checkpoint comes to once its file is
/// understood.
struct TensorTable: Sendable {
  let bytes: StoredBytes
  private(set) var entries: [CheckpointEntry] = []
  private var layouts: [String: TensorLayout] = [:]

  init(_ bytes: StoredBytes) { self.bytes = bytes }

  /// - Throws: `InputError` where there is a tensor of that name already.
  mutating func add(_ name: String, _ layout: TensorLayout) throws {
    guard layouts.updateValue(layout, forKey: name) == nil else {
      throw InputError(
        .data, "holds two tensors of the name \(quoted(name))",
        remedy: "save each tensor under a name of its own")
    }
    entries.append(
      CheckpointEntry(name: name, shape: layout.shape, storedType: layout.number.rawValue))
  }

  func values(of name: String) throws -> ParameterValues {
    guard let layout = layouts[name] else { throw missingTensor(name, in: entries, at: bytes.name) }
    do {
      return try bytes.values(layout)
    } catch let error as InputError {
      throw error.within("tensor \(quoted(name))").at(bytes.name)
    }
  }
}

/// Bytes of a tensor's name: far more than any network needs, and few enough to be repeated.
let longestTensorName = 4096

/// What is said where a checkpoint has no tensor of that name.
func missingTensor(_ name: String, in entries: [CheckpointEntry], at place: String) -> InputError {
  let guess = suggestion(for: name, among: entries.map(\.name)).map {
    "did you mean \(quoted($0))?"
  }
  let example = entries.first.map { "there is, for example, \(quoted($0.name))" }
  return InputError(
    .data, at: place, "has no tensor \(quoted(name)) among its \(entries.count)",
    remedy: guess ?? example ?? "it is empty")
}
