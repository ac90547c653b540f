import ArgumentParser
import LatticeSupport
import Pipeline

/// `--plugin`: shared libraries whose kinds are known like those that are built in.
package struct PluginOptions: ParsableArguments {
  private static let option = "--plugin"

  @Option(
    name: .customLong("plugin"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "A shared library of kernels, filters, compatibilities, unaries, refinements or label filters, "
        + "which may then be named like those that are built in; may be repeated. It runs with all "
        + "your rights: name what you trust.", valueName: "file"))
  package var plugins: [String] = []

  package init() {}

  /// Loads the libraries that arguments name, before anything is made of the others: help and
  /// options have words for their kinds then.
  ///
  /// - Throws: `InputError` naming the file that cannot be loaded.
  package static func load(in arguments: [String]) throws {
    var rest = arguments[...]
    while let argument = rest.popFirst(), argument != "--" {
      if argument == option, let path = rest.popFirst() {
        try Plugins.load(path: path)
      } else if argument.hasPrefix(option + "=") {
        try Plugins.load(path: String(argument.dropFirst(option.count + 1)))
      }
    }
  }
}
