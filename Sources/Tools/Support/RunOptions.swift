import ArgumentParser
import Unaries

/// How any run over files or folders goes.
package struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The colours and names of labels: \(Palette.knownNames), or a file of lines 'red green blue "
        + "name'. (default: \(Palette.usualName))", valueName: "palette"))
  package var palette: String?

  @Flag(help: "With folders: skip a file when all the outputs asked for exist already.")
  package var resume = false

  @Flag(help: "Print nothing but errors, and the object of --json where asked for.")
  package var quiet = false

  package init() {}
}
