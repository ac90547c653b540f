import Formats
import LatticeSupport
import Unaries

/// Scores that PyTorch or safetensors saved, for whoever reads arrays.
public enum TensorScores {
  /// Lets `ArrayFile` read tensors of `.pt`, `.pth` and `.safetensors` files from now on.
  public static func register() { ArrayFile.readTensors { try array($0, member: $1) } }

  /// The tensor of a file: the only one, or the one that is named.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - member: the name of the tensor; keys of nested dictionaries are joined by dots.
  /// - Returns: `nil` where the file is of no such format.
  /// - Throws: `InputError` where it is damaged, or holds several tensors and none is named.
  static func array(_ path: String, member: String?) throws -> NumericArray? {
    guard let tensors = try tensors(of: path) else { return nil }
    let entry = try choose(from: tensors, member)
    guard !entry.isInteger || entry.storedType == "uint8" else {
      throw InputError(
        .data, at: path,
        "holds a tensor of \(entry.storedType), of the shape \(entry.shape): a label map, not scores",
        remedy: "save it as .npy or .png, and add \(set: .scoreKind(.labels))")
    }
    let values = try tensors.values(of: entry.name)
    return try NumericArray(shape: values.shape, values: Array(values.storage.bufferPointer))
  }

  private static func tensors(of path: String) throws -> (any Checkpoint)? {
    guard try FileSource(path).isRegular else { return nil }
    let bytes = try StoredBytes(path)
    switch try? CheckpointFile.recognise(bytes) {
    case .pytorch: return try PyTorchCheckpoint(allOf: bytes)
    case .safetensors: return try SafetensorsCheckpoint(bytes)
    default: return nil
    }
  }

  private static func choose(
    from tensors: any Checkpoint, _ member: String?
  ) throws -> CheckpointEntry {
    let entries = tensors.entries
    let names = entries.prefix(8).map { "\(quoted($0.name)) \($0.shape)" }.joined(separator: ", ")
    let list = entries.count > 8 ? names + ", …" : names
    if let member {
      if let entry = entries.first(where: { $0.name == member }) { return entry }
      throw InputError(
        .data, at: tensors.place, "has no tensor \(quoted(member)); it holds \(list)",
        remedy: "name one of these")
    }
    if entries.count == 1 { return entries[0] }
    let looksLikeWeights = entries.contains { $0.name.hasSuffix("weight") }
    throw InputError(
      .data, at: tensors.place, "holds \(entries.count) tensors: \(list)",
      remedy: looksLikeWeights
        ? "these are a network's weights: give them with \(name: .weights)"
        : "choose the scores with \(set: .chosen(.member))")
  }
}
