import ArgumentParser
import Support

/// `deeplab`: networks, their weights, and what they see.
@main
struct DeepLabTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deeplab",
    abstract: "Label images with DeepLab and the networks around it.",
    version: Version.current,
    subcommands: [Profile.self])
}
