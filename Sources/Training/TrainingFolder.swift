import DeepLabNet
import LatticeSupport

/// The files of a training: its state, its log, its results.
public struct TrainingFolder: Sendable {
  /// Where it is, or is to be.
  public let path: String

  /// - Parameter path: where it is, or is to be.
  public init(_ path: String) { self.path = path }

  /// Weights and everything else that the next step depends on.
  public var state: String { path + "/state.safetensors" }
  /// The weights at the end, without the rest.
  public var weights: String { path + "/weights.safetensors" }
  /// One JSON object per line.
  public var log: String { path + "/log.jsonl" }
  /// A picture of the loss over the steps, and of the mean IOU where it is measured.
  public var curve: String { path + "/loss.png" }

  private static let key = "training"

  /// A state that was saved.
  public struct Saved {
    /// How it was trained, and how far.
    public let header: TrainingHeader
    /// Its tensors.
    public let checkpoint: SafetensorsCheckpoint
  }

  /// Refuses a folder with the results of another training.
  ///
  /// - Throws: `InputError` naming them.
  public func checkIsFree() throws {
    for (path, remedy) in [
      (state, "go on with it, or name another folder"), (weights, "name another folder"),
    ] where FolderListing.exists(path) {
      throw InputError(.cannotCreate, at: path, "exists already", remedy: remedy)
    }
  }

  /// Makes the folder for a new training.
  ///
  /// - Throws: `InputError` where another's results are there.
  public func begin() throws {
    try FolderListing.create(path)
    try checkIsFree()
  }

  /// Replaces the state in one go.
  ///
  /// - Throws: `InputError` where it cannot be written; the state before is kept.
  func write(_ trainer: Trainer, _ header: TrainingHeader, notes: ModelNotes) throws {
    try Self.write(
      trainer.state, to: state,
      notes.metadata.merging([Self.key: try header.text()]) { _, header in header })
  }

  /// Writes the weights alone.
  ///
  /// - Throws: `InputError` where they cannot be written.
  func writeWeights(_ trainer: Trainer, notes: ModelNotes) throws {
    try Self.write(trainer.parameters, to: weights, notes.metadata)
  }

  private static func write(
    _ tensors: [(name: String, values: ParameterValues)], to path: String,
    _ metadata: [String: String]
  ) throws {
    let values = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.values) })
    let entries = tensors.map { Safetensors.Tensor($0.name, shape: $0.values.shape) }
    try Safetensors.write(entries, to: path, metadata: metadata) { tensor in
      guard let found = values[tensor.name] else { preconditionFailure(tensor.name) }
      return found
    }
  }

  /// Reads the state.
  ///
  /// - Throws: `InputError` where there is none, or it is not that of a training.
  public func read() throws -> Saved {
    guard FolderListing.exists(state) else {
      throw InputError(
        .noInput, at: state, "is not there: nothing has been trained in this folder",
        remedy: "begin a training there, or name another folder")
    }
    let checkpoint = try SafetensorsCheckpoint(state)
    guard let text = checkpoint.metadata[Self.key] else {
      throw InputError(
        .data, at: state, "holds weights, but not how they were trained",
        remedy: "begin anew with these weights and another folder")
    }
    return Saved(header: try TrainingHeader(text, at: state), checkpoint: checkpoint)
  }
}
