import ArgumentParser

/// `deeplab dataset`: folders of labelled photographs.
struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset", abstract: "Look at folders of labelled photographs.",
    subcommands: [CheckDataset.self])
}
