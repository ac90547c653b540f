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

extension CheckpointFile {
  /// What was left out, for people: `a, b and 7 more`.
  package static func summary(of names: [String]) -> String {
    let shown = 5
    return names.prefix(shown).map(visibleText).joined(separator: ", ")
      + (names.count > shown ? " and \(names.count - shown) more" : "")
  }
}

/// Text from a file without what would control a terminal.
package func visibleText(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    result.unicodeScalars.append(scalar.properties.generalCategory == .control ? "?" : scalar)
  }
  return result
}
