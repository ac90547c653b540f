import LatticeSupport

extension CheckpointFile {
  /// Writes all tensors as safetensors, whatever format they are read from.
  ///
  /// - Parameters:
  ///   - path: the file, which appears whole or not at all.
  ///   - isHalf: whether values are rounded to half precision; whole numbers never are, since
  ///     counters soon exceed what it holds.
  ///   - notes: what the file is to say of its network, beside what the checkpoint says.
  /// - Throws: `InputError` where a tensor cannot be read, or the file cannot be written.
  public func write(to path: String, isHalf: Bool = false, notes: ModelNotes) throws {
    let tensors = entries.map {
      Safetensors.Tensor(
        $0.name, shape: $0.shape, type: isHalf && !$0.isInteger ? .float16 : .float32)
    }
    do {
      try Safetensors.write(tensors, to: path, metadata: metadata.merging(notes.metadata) { $1 }) {
        try values(of: $0.name)
      }
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
