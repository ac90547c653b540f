import ArgumentParser
import LatticeSupport
import ToolSupport

/// `deeplab`: networks, their weights, and what they see.
@main
struct DeepLabTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deeplab",
    abstract: "Label images with DeepLab and the networks around it.",
    discussion: """
      Exit status: 0 all is well; 64 usage; 65 data; 66 no input; 73 cannot create; 74 input or \
      output failed.
      """,
    version: "deeplab \(Version.current)",
    subcommands: [
      Models.self, Segment.self, Train.self, Evaluate.self, DatasetCommand.self, Inspect.self,
      Convert.self, Export.self, Profile.self, FieldOfView.self, MergeReports.self,
    ])

  static func main() { runAsTool() }
}
