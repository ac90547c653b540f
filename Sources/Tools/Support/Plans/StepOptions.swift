import ArgumentParser
import LatticeSupport
import Pipeline

/// `--step`: a plan, step by step.
package struct StepOptions: ParsableArguments {
  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "One step of a plan, in place of a preset; may be repeated, in order: "
        + Plan.kindNames.joined(separator: ", ")
        + ". '--step help' lists them, '--step help:KIND' explains one.",
      valueName: "kind:key=value,…"))
  package var step: [String] = []

  package init() {}

  /// The help that a step asks for by `help` or `help:KIND`; `nil` where none does.
  ///
  /// - Throws: `InputError` where one asks for a kind that does not exist.
  package func help() throws -> String? {
    for step in step {
      let words = step.split(separator: ":", maxSplits: 1).map(String.init)
      guard words.first == "help" else { continue }
      return words.count == 1
        ? Plan.overview
        : try OptionCheck.naming("--step") { try Plan.help(for: words[1]) }
    }
    return nil
  }
}
