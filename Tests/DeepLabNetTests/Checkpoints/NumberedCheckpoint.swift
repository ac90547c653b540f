import DeepLabNet
import LatticeSupport

/// A checkpoint whose tensors are all the same number, counted from 1.
struct NumberedCheckpoint: Checkpoint {
  var place: String { "numbered.pth" }
  let entries: [CheckpointEntry]

  init(_ tensors: [(name: String, shape: [Int])]) {
    entries = tensors.map {
      CheckpointEntry(name: $0.name, shape: $0.shape, storedType: "float32")
    }
  }

  func values(of name: String) throws -> ParameterValues {
    guard let index = entries.firstIndex(where: { $0.name == name }) else {
      throw InputError(.data, "no \(name)")
    }
    let shape = entries[index].shape
    return ParameterValues(
      shape: shape, values: [Float](repeating: Float(index + 1), count: shape.reduce(1, *)))
  }
}
