import ArgumentParser
import DeepLabNet

/// Which tensors of a checkpoint are meant, where it holds several networks.
package struct CheckpointOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The dictionary of the checkpoint to read, such as model_ema. (default: state_dict, model or "
        + "the like)", valueName: "key"))
  package var state: String?

  @Option(
    help: ArgumentHelp(
      "Read only the tensors whose names begin so, such as 'teacher.'. (default: what the network's "
        + "names stand behind)", valueName: "text"))
  package var prefix: String?

  package init() {}

  /// The checkpoint in the file at `path`.
  ///
  /// - Throws: `InputError` where it cannot be read.
  package func open(_ path: String) throws -> CheckpointFile {
    try CheckpointFile.open(path, state: state, prefix: prefix)
  }
}
