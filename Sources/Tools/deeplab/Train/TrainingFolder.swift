import DeepLabNet
import Foundation
import Support
import ToolSupport

/// The files of a training: its state, its log, its results.
struct TrainingFolder {
  let path: String

  init(_ path: String) { self.path = path }

  /// Weights and everything else that the next step depends on.
  var state: String { path + "/state.safetensors" }
  /// The weights at the end, without the rest.
  var weights: String { path + "/weights.safetensors" }
  /// One JSON object a line.
  var log: String { path + "/log.jsonl" }
  /// The loss over the steps.
  var curve: String { path + "/loss.png" }

  private static let key = "training"

  /// What a state's header says beside its tensors.
  private struct Header: Codable {
    var experiment: Experiment
    var step: Int
    var classes: Int
  }

  /// A state that was saved.
  struct Saved {
    let experiment: Experiment
    let step: Int
    let classes: Int
    let checkpoint: SafetensorsCheckpoint
  }

  /// Makes the folder for a new training.
  ///
  /// - Throws: `InputError` where another's state is there.
  func begin() throws {
    try FileSystem.makeFolder(path)
    guard !FileSystem.exists(state) else {
      throw InputError(
        .cannotCreate, at: state, "exists already",
        remedy: "go on with --resume, or name another folder")
    }
    try AtomicOutput.write(to: log) { _ in }
  }

  /// Replaces the state in one go.
  func write(
    _ trainer: Trainer, _ experiment: Experiment, classes: Int, notes: ModelNotes
  ) throws {
    let tensors = trainer.state
    let header = Header(experiment: experiment, step: trainer.stepsDone, classes: classes)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let text = String(decoding: try encoder.encode(header), as: UTF8.self)
    try Self.write(
      tensors, to: state, notes.metadata.merging([Self.key: text]) { _, experiment in experiment })
  }

  /// Writes the weights alone.
  func writeWeights(_ trainer: Trainer, notes: ModelNotes) throws {
    try Self.write(trainer.snapshot(), to: weights, notes.metadata)
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
  /// - Throws: `InputError` where there is none, or it is no training's.
  func read() throws -> Saved {
    guard FileSystem.exists(state) else {
      throw InputError(
        .noInput, at: state, "is not there: nothing has been trained in this folder",
        remedy: "begin without --resume")
    }
    let checkpoint = try SafetensorsCheckpoint(state)
    guard let text = checkpoint.metadata[Self.key],
      let header = try? JSONDecoder().decode(Header.self, from: Data(text.utf8))
    else {
      throw InputError(
        .data, at: state, "holds weights, but not how they were trained",
        remedy: "begin anew with --weights \(state) and another folder")
    }
    return Saved(
      experiment: header.experiment, step: header.step, classes: header.classes,
      checkpoint: checkpoint)
  }
}
