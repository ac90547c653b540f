import ArgumentParser
import Formats
import LatticeSupport

/// `merge-reports`: the reports of all shares of a folder's files as one.
package struct MergeReports: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "merge-reports",
    abstract: "Merge the JSON reports of all shards of a run into that of the whole.",
    discussion: """
      Prints the report that one run over all files would have printed: lists of files joined, times \
      added, figures worked out anew from the counts of all shards, which are whole numbers. A report \
      that is missing or there twice, and files that two reports have, are refused.
      """)

  @Argument(
    help: ArgumentHelp("What --json printed, one file for each shard.", valueName: "report"))
  var reports: [String]

  package init() {}

  package func run() throws {
    let read = try reports.map { path in
      (path: path, json: try Self.read(path))
    }
    try StandardOutput.print(json: ReportMerge(read).merged())
  }

  /// More than the report of millions of files.
  private static let longest = 1 << 32

  private static func read(_ path: String) throws -> JSONValue {
    let text = try TextFile.read(path, as: "a report", upTo: longest)
    do {
      return try JSONValue(parsing: text)
    } catch let error as InputError {
      throw error.at(path)
    }
  }
}
