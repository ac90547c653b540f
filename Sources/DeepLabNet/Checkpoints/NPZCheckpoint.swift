import Formats
import LatticeSupport
import Unaries

/// An `.npz` archive: a tensor an array, named as NumPy knows it.
public struct NPZCheckpoint: Checkpoint {
  /// Where the tensors come from: a file's path.
  public let place: String
  /// The tensors, in the order of the archive.
  public let entries: [CheckpointEntry]
  private let arrays: NPZArrays
  private let indices: [String: Int]

  /// Reads the headers of all arrays.
  ///
  /// - Throws: `InputError` where `path` is not an archive or an array in it cannot be used.
  public init(_ path: String) throws {
    place = path
    arrays = try NPZArrays(path)
    entries = arrays.entries.map {
      CheckpointEntry(name: $0.name, shape: $0.shape, storedType: $0.number.rawValue)
    }
    indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
  }

  /// The values of one tensor as float32; see `Checkpoint`.
  public func values(of name: String) throws -> ParameterValues {
    guard let index = indices[name] else { throw missingTensor(name, in: entries, at: place) }
    let entry = arrays.entries[index]
    let result = try StoredBytes.room(for: entry.count)
    try arrays.read(entry, into: UnsafeMutableBufferPointer(start: result.base, count: entry.count))
    return ParameterValues(shape: entry.shape, storage: result)
  }
}
