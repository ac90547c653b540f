import DeepLabNet
import Foundation
import LatticeSupport
import ToolSupport

/// The files of a training: its state, its log, its results.
struct TrainingFolder {
  let path: String

  init(_ path: String) { self.path = path }

  /// Weights and everything else that the next step depends on.
  var state: String { path + "/state.safetensors" }
  /// The weights at the end, without the rest.
  var weights: String { path + "/weights.safetensors" }
  /// One JSON object per line.
  var log: String { path + "/log.jsonl" }
  /// The loss over the steps, and the mean IOU where it is measured.
  var curve: String { path + "/loss.png" }

  private static let key = "training"

  /// A state that was saved.
  struct Saved {
    let header: TrainingHeader
    let checkpoint: SafetensorsCheckpoint
  }

  /// Refuses a folder with the results of another training.
  ///
  /// - Throws: `InputError` naming them.
  func checkIsFree() throws {
    for (path, remedy) in [
      (state, "go on with --resume, or name another folder"), (weights, "name another folder"),
    ] where FileSystem.exists(path) {
      throw InputError(.cannotCreate, at: path, "exists already", remedy: remedy)
    }
  }

  /// Makes the folder for a new training.
  ///
  /// - Throws: `InputError` where another's results are there.
  func begin() throws {
    try FileSystem.makeFolder(path)
    try checkIsFree()
  }

  /// Replaces the state in one go.
  func write(_ trainer: Trainer, _ header: TrainingHeader, notes: ModelNotes) throws {
    try Self.write(
      trainer.state, to: state,
      notes.metadata.merging([Self.key: try header.text()]) { _, header in header })
  }

  /// Writes the weights alone.
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
  func read() throws -> Saved {
    guard FileSystem.exists(state) else {
      throw InputError(
        .noInput, at: state, "is not there: nothing has been trained in this folder",
        remedy: "begin without --resume")
    }
    let checkpoint = try SafetensorsCheckpoint(state)
    guard let text = checkpoint.metadata[Self.key] else {
      throw InputError(
        .data, at: state, "holds weights, but not how they were trained",
        remedy: "begin anew with --weights \(state) and another folder")
    }
    return Saved(header: try TrainingHeader(text, at: state), checkpoint: checkpoint)
  }
}
