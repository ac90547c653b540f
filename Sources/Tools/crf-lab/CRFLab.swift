import ArgumentParser
import LatticeSupport
import ToolSupport

/// `crf-lab`: kernels and filters, checked, looked at and compared.
@main
struct CRFLab: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crf-lab",
    abstract: "Check, look at and compare kernels, filters and all other kinds.",
    discussion: """
      Kinds are those that are built in, and those of plug-ins.

      Exit status: 0 all is well; 1 a promise is broken; 64 usage; 65 data; 66 no input; 73 cannot \
      create; 74 input or output failed.
      """,
    version: "crf-lab \(Version.current)",
    subcommands: [Check.self, Show.self, Compare.self])

  static func main() { runAsTool() }
}
